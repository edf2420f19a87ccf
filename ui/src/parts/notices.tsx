// Where what happened is said for a moment. It comes after the screen: what was said before is kept until it is there.
import "@mantine/notifications/styles.css";
import { MantineThemeProvider, Notification } from "@mantine/core";
import { Notifications } from "@mantine/notifications";
import { useTranslation } from "react-i18next";

export default function Notices() {
  const { t } = useTranslation();
  const closeButtonProps = { "aria-label": t("action.close") };
  return (
    <MantineThemeProvider
      inherit
      theme={{ components: { Notification: Notification.extend({ defaultProps: { closeButtonProps } }) } }}
    >
      <Notifications position="bottom-right" limit={4} />
    </MantineThemeProvider>
  );
}
