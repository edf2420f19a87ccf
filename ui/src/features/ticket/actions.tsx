// What may be done to a ticket as a whole, by menu and by key.
import { Button, Menu } from "@mantine/core";
import { IconArrowMerge, IconArrowsSplit, IconChevronDown, IconHandGrab, IconStairsUp } from "@tabler/icons-react";
import { lazy, Suspense, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { useMay, useMe } from "@/app/session";
import { EscalateDialog } from "./escalations";
import { useChange } from "./properties";
import type { Ticket } from "./queries";
import { type TicketDialog, useTicketCommands } from "./ticket-commands";

const MergeDialog = lazy(() => import("./merge-dialog").then((module) => ({ default: module.MergeDialog })));
const SplitDialog = lazy(() => import("./split-dialog").then((module) => ({ default: module.SplitDialog })));

export function Actions({ ticket }: { ticket: Ticket }) {
  const { t } = useTranslation("ticket");
  const me = useMe();
  const change = useChange(ticket);
  const [dialog, setDialog] = useState<TicketDialog>();
  const mayAssign = useMay("ticket.assign");
  const mayUpdate = useMay("ticket.update");
  const mayMerge = useMay("ticket.merge");
  const mayEscalate = useMay("escalation.raise");
  const menu = useRef<HTMLButtonElement>(null);
  const close = () => {
    setDialog(undefined);
    // The entry that opened it is gone with its menu. The dialogue still holds the keyboard until it is gone, too.
    setTimeout(() => menu.current?.focus({ preventScroll: true }));
  };
  const isDone = ticket.status_kind === "resolved" || ticket.status_kind === "closed";
  useTicketCommands(ticket, setDialog);
  if (!mayAssign && !mayUpdate && !mayMerge && !mayEscalate) return null;
  return (
    <>
      {mayUpdate && !isDone && (
        <Button size="compact-sm" variant="default" onClick={() => change.mutate({ status: "resolved" })}>
          {t("actions.resolve")}
        </Button>
      )}
      <Menu position="bottom-end">
        <Menu.Target>
          <Button
            ref={menu}
            size="compact-sm"
            variant="default"
            rightSection={<IconChevronDown size={14} aria-hidden />}
          >
            {t("actions.label")}
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          {mayAssign && ticket.assignee !== me.id && me.id && (
            <Menu.Item
              leftSection={<IconHandGrab size={16} aria-hidden />}
              onClick={() => change.mutate({ assignee: me.id ?? null })}
            >
              {t("actions.take")}
            </Menu.Item>
          )}
          {mayEscalate && (
            <Menu.Item leftSection={<IconStairsUp size={16} aria-hidden />} onClick={() => setDialog("escalate")}>
              {t("actions.escalate")}
            </Menu.Item>
          )}
          {mayMerge && (
            <>
              <Menu.Item leftSection={<IconArrowMerge size={16} aria-hidden />} onClick={() => setDialog("merge")}>
                {t("actions.merge")}
              </Menu.Item>
              <Menu.Item leftSection={<IconArrowsSplit size={16} aria-hidden />} onClick={() => setDialog("split")}>
                {t("actions.split")}
              </Menu.Item>
            </>
          )}
        </Menu.Dropdown>
      </Menu>
      <Suspense>
        {dialog === "merge" && <MergeDialog ticket={ticket} onClose={close} />}
        {dialog === "split" && <SplitDialog ticket={ticket} onClose={close} />}
        {dialog === "escalate" && <EscalateDialog ticket={ticket.id} onClose={close} />}
      </Suspense>
    </>
  );
}
