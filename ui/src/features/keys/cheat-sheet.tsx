// The key that shows every key; the list of them comes when it is asked for.
import { useDisclosure } from "@mantine/hooks";
import { lazy, Suspense } from "react";
import { useKeys } from "@/app/keys";

const KeyList = lazy(() => import("./key-list"));

export interface CheatSheetProps {
  /** Screens that a key leads to after `g`. */
  screens: readonly { to: string; name: string; key: string }[];
}

export function CheatSheet({ screens }: CheatSheetProps) {
  const [isOpen, { open, close }] = useDisclosure(false);
  useKeys({ help: open });
  return <Suspense>{isOpen && <KeyList screens={screens} onClose={close} />}</Suspense>;
}
