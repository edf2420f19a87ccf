// The step at which a company says who it is.
import { Button, Stack, Text, Title } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { CompanyForm, companyQuery } from "@/features/admin/company";
import { Loaded } from "@/features/admin/frame";

export function CompanyStep({ onDone }: { onDone: () => void }) {
  const { t } = useTranslation("set_up");
  const company = useQuery(companyQuery);
  return (
    <Stack>
      <Title order={2}>{t("company.title")}</Title>
      <Text c="dimmed">{t("company.lead")}</Text>
      <Loaded query={company}>
        {(told) => (
          <CompanyForm read={told} onSaved={onDone}>
            {(isSaving) => (
              <>
                <Button type="submit" loading={isSaving}>
                  {t("company.submit")}
                </Button>
                <Button variant="default" onClick={onDone}>
                  {t("later")}
                </Button>
              </>
            )}
          </CompanyForm>
        )}
      </Loaded>
    </Stack>
  );
}
