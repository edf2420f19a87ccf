// How the customer rated the ticket, once they have.
import { Badge, Stack, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { useFormats } from "@/app/format";
import { Card } from "./card";
import type { Ticket } from "./queries";

export function Rating({ ticket }: { ticket: Ticket }) {
  const { t } = useTranslation("ticket");
  const format = useFormats();
  if (!ticket.rating) return null;
  const isGood = ticket.rating.score === "good";
  return (
    <Card title={t("rating.title")}>
      <Stack gap={4} align="start">
        <Badge variant="light" color={isGood ? "green" : "red"}>
          {t(isGood ? "rating.good" : "rating.bad")}
        </Badge>
        {ticket.rating.comment && <Text size="sm">{ticket.rating.comment}</Text>}
        <Text size="xs" c="dimmed">
          {format.instant(ticket.rating.at)}
        </Text>
      </Stack>
    </Card>
  );
}
