// The card on which one proves who one is.
import { Alert, Box, Paper, Stack, Text, Title } from "@mantine/core";
import { type FormEventHandler, type ReactNode, useEffect } from "react";
import { useBranding } from "@/features/portal/branding";
import { Mark } from "@/parts/mark";
import classes from "./sign-in.module.css";

interface Props {
  title: string;
  lead?: string;
  error: Error | null;
  /** What the card as a whole sends; absent where its parts have forms of their own. */
  onSubmit?: FormEventHandler<HTMLFormElement>;
  children: ReactNode;
}

export function SignInCard({ title, lead, error, onSubmit, children }: Props) {
  const { name, logo, isPending } = useBranding();
  useEffect(() => {
    document.title = `${title} · ${name}`;
  }, [title, name]);
  const content = (
    <Stack>
      <Stack gap={4}>
        <Box h={26} style={{ visibility: isPending ? "hidden" : undefined }}>
          <Mark name={name} logo={logo} />
        </Box>
        <Title order={1} mt="sm">
          {title}
        </Title>
        {lead && <Text c="dimmed">{lead}</Text>}
      </Stack>
      {error && (
        <Alert color="red" role="alert">
          {error.message}
        </Alert>
      )}
      {children}
    </Stack>
  );
  return (
    <Box component="main" className={classes.page}>
      <Paper withBorder p="xl" className={classes.card}>
        {onSubmit ? <form onSubmit={onSubmit}>{content}</form> : content}
      </Paper>
    </Box>
  );
}
