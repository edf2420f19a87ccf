import { Button, Divider } from "@mantine/core";
import { IconKey } from "@tabler/icons-react";
import { useMutation } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { CodeInput } from "./code-input";
import { type Answer, askForPasskey } from "./webauthn";

interface Props {
  code: string;
  onCode: (code: string) => void;
  /** Whether the code is on its way. */
  pending: boolean;
  /** What to do with a passkey's answer; absent where passkeys cannot be used. */
  onPasskey: ((answer: Answer) => void) | undefined;
}

/** The second factor, within a form: a code, or a passkey in its place. */
export function SecondStep({ code, onCode, pending, onPasskey }: Props) {
  const { t } = useTranslation();
  const ask = useMutation({
    mutationFn: () => askForPasskey(),
    onSuccess: (answer) => answer && onPasskey?.(answer),
  });
  return (
    <>
      <CodeInput value={code} onChange={onCode} />
      <Button type="submit" loading={pending} fullWidth>
        {t("signIn.submit")}
      </Button>
      {onPasskey && (
        <>
          <Divider label={t("signIn.or")} />
          <Button
            variant="default"
            fullWidth
            leftSection={<IconKey size={16} aria-hidden />}
            loading={ask.isPending}
            onClick={() => ask.mutate()}
          >
            {t("signIn.usePasskey")}
          </Button>
        </>
      )}
    </>
  );
}
