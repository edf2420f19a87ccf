// What was sent to a subscriber, how it went, and sending it again.
import { Button, Group, Stack, Text, UnstyledButton } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, data, onceKey, type Schemas } from "@/api/client";
import { useFormats } from "@/app/format";
import { Side } from "@/parts/dialog";
import { Refusal } from "@/parts/refusal";
import classes from "./admin.module.css";
import { Loaded } from "./frame";
import { useListing } from "./listing";
import { State } from "./state";

/** How often it is asked how deliveries went, in milliseconds. */
const EVERY = 3_000;

export function Deliveries({ hook, onClose }: { hook: Schemas["Webhook"]; onClose: () => void }) {
  const { t } = useTranslation("admin");
  const format = useFormats();
  const queries = useQueryClient();
  const [open, setOpen] = useState<string | null>(null);
  const path = { id: hook.id };
  const deliveries = useListing(
    ["webhooks", hook.id, "deliveries"],
    (cursor) => data(api.GET("/api/v1/webhooks/{id}/deliveries", { params: { path, query: { limit: 30, cursor } } })),
    EVERY,
  );
  const again = () => queries.invalidateQueries({ queryKey: ["webhooks", hook.id] });
  const test = useMutation({
    meta: { handlesFailure: true },
    mutationFn: () => data(api.POST("/api/v1/webhooks/{id}/test", { params: { path }, headers: onceKey() })),
    onSuccess: ({ id }) => setOpen(id),
    onSettled: again,
  });
  return (
    <Side opened onClose={onClose} size="lg" title={t("webhooks.deliveriesOf")}>
      <Stack>
        <Text className={classes.code}>{hook.url}</Text>
        <Group gap="xs">
          <Button onClick={() => test.mutate()} loading={test.isPending}>
            {t("webhooks.test")}
          </Button>
          <Button variant="default" onClick={() => void again()}>
            {t("webhooks.look")}
          </Button>
        </Group>
        <Refusal error={test.error} />
        <Loaded query={deliveries} empty={{ title: t("webhooks.noDelivery"), hint: t("webhooks.noDeliveryHint") }}>
          {(all) => (
            <Stack gap="xs">
              {all.map((delivery) => (
                <Stack key={delivery.id} gap={4}>
                  <UnstyledButton
                    aria-expanded={open === delivery.id}
                    onClick={() => setOpen(open === delivery.id ? null : delivery.id)}
                  >
                    <Group gap="xs" justify="space-between">
                      <Text className={classes.mono}>{delivery.event}</Text>
                      <Group gap="xs">
                        {delivery.response_status && <Text className="tabular">{delivery.response_status}</Text>}
                        <State state={delivery.state} word={t(`webhooks.is.${delivery.state}`)} />
                        <Text size="sm" c="dimmed">
                          {format.instant(delivery.created_at)}
                        </Text>
                      </Group>
                    </Group>
                  </UnstyledButton>
                  {open === delivery.id && <Delivery hook={hook.id} id={delivery.id} onSent={again} />}
                </Stack>
              ))}
            </Stack>
          )}
        </Loaded>
      </Stack>
    </Side>
  );
}

function Delivery({ hook, id, onSent }: { hook: string; id: string; onSent: () => unknown }) {
  const { t } = useTranslation("admin");
  const params = { path: { id: hook, delivery: id } };
  const delivery = useQuery({
    queryKey: ["webhooks", hook, "delivery", id],
    refetchInterval: ({ state }) => (state.data?.state === "queued" ? EVERY : false),
    queryFn: () => data(api.GET("/api/v1/webhooks/{id}/deliveries/{delivery}", { params })),
  });
  const resend = useMutation({
    mutationFn: () =>
      data(api.POST("/api/v1/webhooks/{id}/deliveries/{delivery}/resend", { params, headers: onceKey() })),
    onSettled: onSent,
  });
  return (
    <Loaded query={delivery}>
      {(read) => (
        <Stack gap="xs" pl="md">
          <Text size="sm">{t("webhooks.attempts", { count: read.attempts })}</Text>
          {read.last_error && (
            <Text size="sm" className={classes.code}>
              {read.last_error}
            </Text>
          )}
          {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keyboard. */}
          <pre className={classes.source} tabIndex={0}>
            {JSON.stringify(read.body, null, 2)}
          </pre>
          {read.state !== "queued" && (
            <Button
              size="compact-sm"
              variant="default"
              w="fit-content"
              loading={resend.isPending}
              onClick={() => resend.mutate()}
            >
              {t("webhooks.resend")}
            </Button>
          )}
        </Stack>
      )}
    </Loaded>
  );
}
