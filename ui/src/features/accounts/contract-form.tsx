// A contract: made, changed, ended, with a look at which running clocks it would move.
import { ActionIcon, Button, Fieldset, Group, NumberInput, Select, Stack, Text, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { IconTrash } from "@tabler/icons-react";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, data, onceKey, type Schemas } from "@/api/client";
import { faultsByField } from "@/api/faults";
import { ifUnchanged, type Versioned } from "@/api/versioned";
import { serviceNow } from "@/app/time";
import { usePolicy } from "@/features/policy/policy";
import { useCommitmentName } from "@/parts/clock";
import { Dialog } from "@/parts/dialog";
import { Refusal } from "@/parts/refusal";
import { ContractEffect } from "./contract-effect";
import type { Contract } from "./queries";
import { dayOf, fractionDigits, SECONDS, type Unit, wholeUnits } from "./terms";

interface ContractFormProps {
  account: string;
  /** What is changed; a new contract when absent. */
  contract?: Versioned<Contract> | undefined;
  /** Whether it is to be ended. */
  isEnding?: boolean | undefined;
  onClose: () => void;
}

export function ContractForm(props: ContractFormProps) {
  const { t } = useTranslation("accounts");
  const title = t(props.isEnding ? "endContract" : props.contract ? "editContract" : "newContract");
  return (
    <Dialog opened onClose={props.onClose} title={title} size="xl">
      <Fields {...props} />
    </Dialog>
  );
}

interface Own {
  commitment: string;
  severity: string | null;
  count: number | "";
  unit: Unit;
  calendar: string | null;
  clause: string;
}

interface Values {
  tier: string;
  starts_on: string;
  ends_on: string;
  renews_on: string;
  value: number | string;
  currency: string;
  overrides: Own[];
}

/** How many of the account's tickets are looked at for the effect. */
const LOOKED_AT = 200;

function valuesOf(contract: Contract | undefined, isEnding: boolean): Values {
  const today = dayOf(serviceNow());
  const currency = contract?.currency ?? "EUR";
  return {
    tier: contract?.tier ?? "",
    starts_on: contract?.starts_on ?? today,
    ends_on: isEnding ? today : (contract?.ends_on ?? ""),
    renews_on: contract?.renews_on ?? "",
    value: contract ? contract.value / 10 ** fractionDigits(currency) : 0,
    currency,
    overrides: (contract?.overrides ?? []).map((own) => ({
      commitment: own.commitment,
      severity: own.severity ?? null,
      ...(own.target_seconds ? wholeUnits(own.target_seconds) : { count: "" as const, unit: "hours" as const }),
      calendar: own.calendar ?? null,
      clause: own.clause,
    })),
  };
}

function bodyOf(values: Values): Schemas["ContractInput"] {
  const currency = values.currency.trim().toUpperCase();
  return {
    tier: values.tier,
    starts_on: values.starts_on,
    ends_on: values.ends_on || null,
    renews_on: values.renews_on || null,
    value: Math.round(Number(values.value) * 10 ** fractionDigits(currency)),
    currency,
    overrides: values.overrides.map(({ commitment, severity, count, unit, calendar, clause }) => ({
      commitment,
      severity,
      target_seconds: count === "" ? null : Math.round(count * SECONDS[unit]),
      calendar,
      clause,
    })),
  };
}

function Fields({ account, contract: read, isEnding, onClose }: ContractFormProps) {
  const { t } = useTranslation("accounts");
  const { t: common } = useTranslation();
  const queries = useQueryClient();
  const policy = usePolicy();
  // As it was when the form was opened: what is read again meanwhile must not make an old form look new.
  const [contract] = useState(read);
  const form = useForm<Values>({ initialValues: valuesOf(contract?.value, Boolean(isEnding)) });
  const tiers = [
    ...new Set([...(policy?.tiers ?? []).map(({ name }) => name), ...(form.values.tier ? [form.values.tier] : [])]),
  ];
  const look = useMutation({
    meta: { handlesFailure: true },
    mutationFn: (body: Schemas["ContractInput"]) =>
      contract
        ? data(
            api.POST("/api/v1/contracts/{id}/preview", {
              params: { path: { id: contract.value.id }, query: { limit: LOOKED_AT } },
              body,
            }),
          )
        : data(
            api.POST("/api/v1/accounts/{id}/contracts/preview", {
              params: { path: { id: account }, query: { limit: LOOKED_AT } },
              body,
            }),
          ),
    onError: (error) => form.setErrors(faultsByField(error)),
  });
  const save = useMutation({
    meta: { handlesFailure: true },
    mutationFn: (body: Schemas["ContractInput"]) =>
      contract
        ? data(
            api.PATCH("/api/v1/contracts/{id}", {
              params: { path: { id: contract.value.id }, header: ifUnchanged(contract) },
              body,
            }),
          )
        : data(
            api.POST("/api/v1/accounts/{id}/contracts", {
              params: { path: { id: account } },
              body,
              headers: onceKey(),
            }),
          ),
    onSuccess: onClose,
    onError: (error) => form.setErrors(faultsByField(error)),
    onSettled: () => {
      void queries.invalidateQueries({ queryKey: ["contracts"] });
      void queries.invalidateQueries({ queryKey: ["accounts", "ledger", account] });
    },
  });
  form.watch("overrides", look.reset);
  for (const field of ["tier", "starts_on", "ends_on"] as const) form.watch(field, look.reset);
  return (
    <form onSubmit={form.onSubmit((values) => save.mutate(bodyOf(values)))}>
      <Stack>
        {isEnding && <Text c="dimmed">{t("endHint")}</Text>}
        <Refusal error={save.error ?? look.error} />
        <Group grow align="start">
          <Select label={t("tier")} required allowDeselect={false} data={tiers} {...form.getInputProps("tier")} />
          <Group grow align="start" gap="xs" preventGrowOverflow={false} wrap="nowrap">
            <NumberInput label={t("valueAYear")} min={0} required {...form.getInputProps("value")} />
            <TextInput label={t("currency")} maxLength={3} required maw="6rem" {...form.getInputProps("currency")} />
          </Group>
        </Group>
        <Group grow align="start">
          <TextInput type="date" label={t("starts")} required {...form.getInputProps("starts_on")} />
          <TextInput
            type="date"
            label={t("ends")}
            description={t("endsHint")}
            inputWrapperOrder={["label", "input", "description", "error"]}
            data-autofocus={isEnding || undefined}
            {...form.getInputProps("ends_on")}
          />
          <TextInput type="date" label={t("renews")} {...form.getInputProps("renews_on")} />
        </Group>
        <Overrides form={form} />
        <Group justify="space-between">
          <Button variant="default" loading={look.isPending} onClick={() => look.mutate(bodyOf(form.values))}>
            {t("effect.look")}
          </Button>
          <Group>
            <Button variant="default" onClick={onClose}>
              {common("action.cancel")}
            </Button>
            <Button type="submit" loading={save.isPending}>
              {common("action.save")}
            </Button>
          </Group>
        </Group>
        {look.data && <ContractEffect effect={look.data} />}
      </Stack>
    </form>
  );
}

/** What the contract promises otherwise than the pack. */
function Overrides({ form }: { form: ReturnType<typeof useForm<Values>> }) {
  const { t } = useTranslation("accounts");
  const { t: common } = useTranslation();
  const nameOf = useCommitmentName();
  const policy = usePolicy();
  const { overrides } = form.values;
  const commitments = new Set([
    ...(policy?.commitments ?? []).map(({ name }) => name),
    ...overrides.map(({ commitment }) => commitment),
  ]);
  const calendars = new Set([
    ...(policy?.calendars ?? []).map(({ name }) => name),
    ...overrides.flatMap(({ calendar }) => (calendar ? [calendar] : [])),
  ]);
  return (
    <Fieldset legend={t("overrides")}>
      <Stack gap="sm">
        {overrides.length === 0 && (
          <Text size="sm" c="dimmed">
            {t("noOverrides")}
          </Text>
        )}
        {form.errors.overrides && (
          <Text size="sm" c="red" role="alert">
            {form.errors.overrides}
          </Text>
        )}
        {overrides.map((_own, index) => {
          const at = (field: keyof Own) => form.getInputProps(`overrides.${index}.${field}`);
          return (
            // biome-ignore lint/suspicious/noArrayIndexKey: an override has nothing else by which it is known.
            <Stack key={index} gap="xs">
              <Group align="end" wrap="nowrap" grow preventGrowOverflow={false}>
                <Select
                  label={t("commitment")}
                  required
                  allowDeselect={false}
                  data={[...commitments].filter(Boolean).map((value) => ({ value, label: nameOf(value) }))}
                  {...at("commitment")}
                />
                <Select
                  label={t("severity")}
                  placeholder={t("everySeverity")}
                  clearable
                  data={(["P1", "P2", "P3", "P4"] as const).map((value) => ({
                    value,
                    label: `${value} ${common(`severity.${value}`)}`,
                  }))}
                  {...at("severity")}
                />
                <NumberInput label={t("within")} placeholder={t("asPack")} min={0} maw="7rem" {...at("count")} />
                <Select
                  label={t("unit.label")}
                  allowDeselect={false}
                  maw="8rem"
                  data={(["minutes", "hours", "days"] as const).map((value) => ({ value, label: t(`unit.${value}`) }))}
                  {...at("unit")}
                />
              </Group>
              <Group align="end" wrap="nowrap" grow preventGrowOverflow={false}>
                <Select
                  label={t("calendar")}
                  placeholder={t("asPack")}
                  clearable
                  data={[...calendars]}
                  {...at("calendar")}
                />
                <TextInput label={t("clause")} required {...at("clause")} />
                <ActionIcon
                  variant="default"
                  size={34}
                  flex="0 0 auto"
                  aria-label={t("removeOverride", { place: index + 1 })}
                  onClick={() => form.removeListItem("overrides", index)}
                >
                  <IconTrash size={16} aria-hidden />
                </ActionIcon>
              </Group>
            </Stack>
          );
        })}
        <Button
          variant="default"
          w="fit-content"
          onClick={() =>
            form.insertListItem("overrides", {
              commitment: "first_response",
              severity: null,
              count: "",
              unit: "hours",
              calendar: null,
              clause: "",
            } satisfies Own)
          }
        >
          {t("addOverride")}
        </Button>
      </Stack>
    </Fieldset>
  );
}
