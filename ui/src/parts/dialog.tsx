// A dialogue over the screen or beside it, whose cross has a name.
import { Drawer, type DrawerProps, Modal, type ModalProps } from "@mantine/core";
import { useTranslation } from "react-i18next";

export function Dialog(props: ModalProps) {
  const { t } = useTranslation();
  return <Modal attributes={PLAIN} closeButtonProps={{ "aria-label": t("action.close") }} {...props} />;
}

/** Its head is not that of the page. */
const PLAIN = { header: { role: "none" } };

/** A dialogue at the side, for what needs the height of the screen. */
export function Side(props: DrawerProps) {
  const { t } = useTranslation();
  return <Drawer position="right" closeButtonProps={{ "aria-label": t("action.close") }} {...props} />;
}
