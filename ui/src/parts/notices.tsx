// Where what happened is said for a moment. It comes after the screen: what was said before is kept until it is there.
import "@mantine/notifications/styles.css";
import { Notifications } from "@mantine/notifications";

export default function Notices() {
  return <Notifications position="bottom-right" limit={4} />;
}
