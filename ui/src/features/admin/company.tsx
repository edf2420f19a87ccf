// What we tell of ourselves: our name, how we look, and what holds where a customer says nothing.
import {
  Button,
  ColorInput,
  FileButton,
  Group,
  NativeSelect,
  Select,
  SimpleGrid,
  Stack,
  Text,
  TextInput,
} from "@mantine/core";
import { useForm } from "@mantine/form";
import { notifications } from "@mantine/notifications";
import { queryOptions, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import { api, type Schemas } from "@/api/client";
import { faultsByField } from "@/api/faults";
import { ifUnchanged, type Versioned, versioned } from "@/api/versioned";
import { bestLanguage, LANGUAGES } from "@/app/i18n";
import { useMay } from "@/app/session";
import { readable } from "@/parts/colour";
import { Refusal } from "@/parts/refusal";
import classes from "./admin.module.css";
import { Loaded, Section } from "./frame";

type Company = Schemas["Company"];

export const companyQuery = queryOptions({
  queryKey: ["company"],
  queryFn: () => versioned(api.GET("/api/v1/company")),
});

/** The largest logo that the service takes, in bytes. */
const LARGEST_LOGO = 64 * 1024;
const LOGO_KINDS = "image/svg+xml,image/png,image/jpeg,image/webp";

export function CompanySection() {
  const { t } = useTranslation("admin");
  const company = useQuery(companyQuery);
  return (
    <Section title={t("company.nav")} lead={t("company.lead")}>
      <Loaded query={company}>
        {(told) => (
          <CompanyForm read={told} onSaved={() => notifications.show({ message: t("company.saved") })}>
            {(isSaving) => (
              <Button type="submit" loading={isSaving} w="fit-content">
                {t("company.save")}
              </Button>
            )}
          </CompanyForm>
        )}
      </Loaded>
    </Section>
  );
}

interface CompanyFormProps {
  read: Versioned<Company>;
  onSaved: () => void;
  /** The buttons below. */
  children: (isSaving: boolean) => ReactNode;
}

export function CompanyForm({ read, onSaved, children }: CompanyFormProps) {
  // What the form was filled with stays what is to be replaced, whatever is read again meanwhile.
  const [base, setBase] = useState(read);
  const told = base.value;
  const { t, i18n } = useTranslation("admin");
  const queries = useQueryClient();
  const may = useMay("settings.update");
  // Whoever has said nothing yet most likely wants what their browser says.
  const isNew = told.name === null || told.name === undefined;
  const form = useForm({
    initialValues: {
      name: told.name ?? "",
      logo: told.logo ?? null,
      colour: told.colour ?? "",
      language: told.language ?? (isNew ? bestLanguage([i18n.language]) : "en"),
      time_zone: told.time_zone ?? (isNew ? Intl.DateTimeFormat().resolvedOptions().timeZone : null),
    },
  });
  const save = useMutation({
    meta: { handlesFailure: true },
    mutationFn: ({ name, colour, ...rest }: typeof form.values) =>
      versioned(
        api.PUT("/api/v1/company", {
          params: { header: ifUnchanged(base) },
          body: { ...rest, name: name.trim() || null, colour: colour || null },
        }),
      ),
    onError: (error) => form.setErrors(faultsByField(error)),
    onSuccess: (saved) => {
      setBase(saved);
      queries.setQueryData(companyQuery.queryKey, saved);
      void queries.invalidateQueries({ queryKey: ["branding"] });
      onSaved();
    },
  });
  const fixed = (field: string) => ({
    disabled: !may || told.fixed.includes(field),
    ...(told.fixed.includes(field) && { description: t("company.fixed") }),
  });
  const { name, logo, colour } = form.values;
  return (
    <form onSubmit={form.onSubmit((values) => save.mutate(values))}>
      <Stack maw="44rem">
        <Refusal error={save.error} />
        <SimpleGrid cols={{ base: 1, sm: 2 }}>
          <TextInput label={t("company.name")} required {...fixed("name")} {...form.getInputProps("name")} />
          <ColorInput
            label={t("company.colour")}
            placeholder="#0b6e7f"
            closeOnColorSwatchClick
            // Its button has no name that a screen reader could say.
            withEyeDropper={false}
            swatches={["#0b6e7f", "#1d4ed8", "#6d28d9", "#be123c", "#c2410c", "#15803d", "#334155"]}
            {...fixed("colour")}
            {...form.getInputProps("colour")}
          />
          <NativeSelect
            label={t("company.language")}
            description={t("company.languageHint")}
            data={Object.entries(LANGUAGES).map(([value, label]) => ({ value, label }))}
            {...fixed("language")}
            {...form.getInputProps("language")}
          />
          <Select
            label={t("company.timeZone")}
            description={t("company.timeZoneHint")}
            searchable
            data={Intl.supportedValuesOf("timeZone").concat("UTC")}
            {...fixed("time_zone")}
            {...form.getInputProps("time_zone")}
          />
        </SimpleGrid>
        <LogoField {...fixed("logo")} logo={logo} onChange={(next) => form.setFieldValue("logo", next)} />
        <Preview name={name} logo={logo} colour={colour} />
        <Group>{may && children(save.isPending)}</Group>
      </Stack>
    </form>
  );
}

interface LogoFieldProps {
  logo: string | null;
  disabled: boolean;
  description?: string;
  onChange: (logo: string | null) => void;
}

function LogoField({ logo, disabled, description, onChange }: LogoFieldProps) {
  const { t } = useTranslation("admin");
  const [isTooLarge, setTooLarge] = useState(false);
  const choose = (file: File | null) => {
    if (!file) return;
    setTooLarge(file.size > LARGEST_LOGO);
    if (file.size > LARGEST_LOGO) return;
    const reader = new FileReader();
    reader.onload = () => onChange(String(reader.result));
    reader.readAsDataURL(file);
  };
  return (
    <Stack gap={4}>
      <Text size="sm" fw={500}>
        {t("company.logo")}
      </Text>
      <Text size="xs" c="dimmed">
        {description ?? t("company.logoHint")}
      </Text>
      <Group gap="xs">
        <FileButton accept={LOGO_KINDS} onChange={choose} disabled={disabled}>
          {(props) => (
            <Button variant="default" {...props}>
              {t("company.chooseLogo")}
            </Button>
          )}
        </FileButton>
        {logo && !disabled && (
          <Button variant="subtle" onClick={() => onChange(null)}>
            {t("company.removeLogo")}
          </Button>
        )}
      </Group>
      {isTooLarge && (
        <Text size="sm" c="red" role="alert">
          {t("company.tooLarge")}
        </Text>
      )}
    </Stack>
  );
}

/** The head of the portal, as customers will see it. */
function Preview({ name, logo, colour }: { name: string; logo: string | null; colour: string }) {
  const { t } = useTranslation(["admin", "common"]);
  const fill = readable(colour);
  return (
    <figure className={classes.preview}>
      <Text component="figcaption" size="xs" c="dimmed">
        {t("company.preview")}
      </Text>
      <div className={classes.previewHead}>
        <img src={logo ?? "/favicon.svg"} alt="" height={26} />
        <Text span fw={650} truncate>
          {name || "Mainstay"}
        </Text>
        <span className={classes.previewButton} {...(fill && { style: { backgroundColor: fill } })}>
          {t("common:portalNav.new")}
        </span>
      </div>
    </figure>
  );
}
