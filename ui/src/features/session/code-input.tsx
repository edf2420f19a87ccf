import { TextInput } from "@mantine/core";
import { useTranslation } from "react-i18next";

/** The code of a second factor, or a recovery code. */
export function CodeInput({ value, onChange }: { value: string; onChange: (code: string) => void }) {
  const { t } = useTranslation();
  return (
    <TextInput
      label={t("signIn.code")}
      description={t("signIn.codeHint")}
      autoComplete="one-time-code"
      inputMode="text"
      required
      withAsterisk={false}
      autoFocus
      value={value}
      onChange={({ currentTarget }) => onChange(currentTarget.value)}
    />
  );
}
