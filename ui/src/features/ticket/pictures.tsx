// The pictures of a message that lie elsewhere: shown when they are asked for, once or always from a sender.
import { Button, Group, Text } from "@mantine/core";
import { queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { api, data } from "@/api/client";
import { Refusal } from "@/parts/refusal";

/** The addresses of a message's pictures serve for an hour; others are asked for well before. */
const FRESH = 30 * 60_000;

/** Where the service shows the pictures of a message, in the order in which they stand. */
export const imagesQuery = (message: string) =>
  queryOptions({
    queryKey: ["message", message, "images"],
    staleTime: FRESH,
    queryFn: async () => {
      const { items } = await data(api.GET("/api/v1/messages/{id}/images", { params: { path: { id: message } } }));
      return items.map(({ address }) => address);
    },
  });

/** The senders whose pictures one always sees. */
export const imageSendersQuery = queryOptions({
  queryKey: ["image-senders"],
  staleTime: FRESH,
  queryFn: async () => {
    const { items } = await data(api.GET("/api/v1/me/image-senders"));
    return items.map(({ address }) => address);
  },
});

interface PicturesProps {
  count: number;
  sender: string | null;
  isShown: boolean;
  isTrusted: boolean;
  error: Error | null;
  onShow: () => void;
  onHide: () => void;
}

export function Pictures({ count, sender, isShown, isTrusted, error, onShow, onHide }: PicturesProps) {
  const { t } = useTranslation("ticket");
  const queries = useQueryClient();
  const trust = useMutation({
    meta: { handlesFailure: true },
    mutationFn: async (always: boolean) => {
      const params = { path: { id: sender ?? "" } };
      if (always) await api.PUT("/api/v1/me/image-senders/{id}", { params });
      else await api.DELETE("/api/v1/me/image-senders/{id}", { params });
    },
    onSuccess: (_, always) => {
      if (!always) onHide();
    },
    onSettled: () => queries.invalidateQueries({ queryKey: ["image-senders"] }),
  });
  return (
    <>
      <Refusal error={error ?? trust.error} />
      <Group gap="xs" mt={4}>
        <Text size="xs" c="dimmed">
          {t(isTrusted ? "pictures.trusted" : isShown ? "pictures.shown" : "pictures.withheld", { count, sender })}
        </Text>
        {!isShown && (
          <Button size="compact-xs" variant="default" onClick={onShow}>
            {t("pictures.show")}
          </Button>
        )}
        {sender && (
          <Button size="compact-xs" variant="subtle" loading={trust.isPending} onClick={() => trust.mutate(!isTrusted)}>
            {t(isTrusted ? "pictures.askAgain" : "pictures.always", { sender })}
          </Button>
        )}
      </Group>
    </>
  );
}
