// A colleague: who they are and what they may see.
import { Alert, Button, Group, Radio, Stack, Switch, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { api, onceKey, type Schemas } from "@/api/client";
import { faultsByField } from "@/api/faults";
import { Dialog } from "@/parts/dialog";
import { ResetFactor } from "@/parts/reset-factor";

export type Colleague = Schemas["Contact"];

interface ColleagueFormProps {
  /** Whom to change; nobody for a new one. */
  colleague: Colleague | null;
  isOpen: boolean;
  onClose: () => void;
}

export function ColleagueForm({ colleague, isOpen, onClose }: ColleagueFormProps) {
  const { t } = useTranslation("portal");
  const common = useTranslation().t;
  const queries = useQueryClient();
  const form = useForm({
    mode: "controlled",
    initialValues: {
      name: colleague?.name ?? "",
      address: colleague?.addresses[0] ?? "",
      portal: (colleague ? (colleague.portal ?? "none") : "contact") as "contact" | "administrator" | "none",
      active: colleague?.active ?? true,
    },
  });
  const save = useMutation({
    meta: { handlesFailure: true },
    mutationFn: async ({ name, address, portal, active }: typeof form.values) => {
      const body = {
        name,
        addresses: [address, ...(colleague?.addresses.slice(1) ?? [])],
        portal: portal === "none" ? null : portal,
        active,
      };
      if (!colleague) {
        await api.POST("/api/v1/contacts", { headers: onceKey(), body });
        return;
      }
      // What the form was filled from must still be so: two who change a colleague never overwrite one another.
      const path = { id: colleague.id };
      const { response, data: now } = await api.GET("/api/v1/contacts/{id}", { params: { path } });
      if (JSON.stringify(now) !== JSON.stringify(colleague)) throw new Error(t("people.changed"));
      await api.PATCH("/api/v1/contacts/{id}", {
        params: { path, header: { "if-match": response.headers.get("etag") ?? "*" } },
        body,
      });
    },
    onSuccess: () => {
      form.reset();
      onClose();
    },
    onError: (error) => form.setErrors(faultsByField(error, { addresses: "address" })),
    onSettled: () => queries.invalidateQueries({ queryKey: ["contacts"] }),
  });
  return (
    <Dialog
      opened={isOpen}
      onClose={onClose}
      title={colleague ? t("people.editOne", { name: colleague.name }) : t("people.invite")}
      closeButtonProps={{ "aria-label": common("action.close") }}
    >
      <form onSubmit={form.onSubmit((values) => save.mutate(values))}>
        <Stack>
          {save.error && (
            <Alert color="red" role="alert">
              {save.error.message}
            </Alert>
          )}
          <TextInput label={t("people.name")} required data-autofocus {...form.getInputProps("name")} />
          <TextInput label={t("people.address")} type="email" required {...form.getInputProps("address")} />
          <Radio.Group label={t("people.sees")} {...form.getInputProps("portal")}>
            <Stack gap="xs" mt={4}>
              <Radio value="contact" label={t("people.contact")} description={t("people.contactHint")} />
              <Radio
                value="administrator"
                label={t("people.administrator")}
                description={t("people.administratorHint")}
              />
              <Radio value="none" label={t("people.mailOnly")} description={t("people.mailOnlyHint")} />
            </Stack>
          </Radio.Group>
          {colleague && (
            <Switch
              label={t("people.active")}
              description={t("people.activeHint")}
              {...form.getInputProps("active", { type: "checkbox" })}
            />
          )}
          {colleague?.portal && (
            <ResetFactor
              name={colleague.name}
              reset={() =>
                api.DELETE("/api/v1/contacts/{id}/second-factor", { params: { path: { id: colleague.id } } })
              }
            />
          )}
          <Group justify="flex-end" gap="xs">
            <Button variant="default" onClick={onClose}>
              {common("action.cancel")}
            </Button>
            <Button type="submit" loading={save.isPending}>
              {common("action.save")}
            </Button>
          </Group>
        </Stack>
      </form>
    </Dialog>
  );
}
