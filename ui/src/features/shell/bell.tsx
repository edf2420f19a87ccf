// What one was told, with how much of it is unread.
import { ActionIcon, Indicator, Popover } from "@mantine/core";
import { IconBell } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { lazy, Suspense, useState } from "react";
import { useTranslation } from "react-i18next";
import { api, data } from "@/api/client";
import { LoadingRows } from "@/parts/states";

const Told = lazy(() => import("./told"));

export function Bell() {
  const { t } = useTranslation("shell");
  const [opened, setOpened] = useState(false);
  const unread = useQuery({
    queryKey: ["notifications", "unread"],
    queryFn: () => data(api.GET("/api/v1/notifications/unread")),
  });
  const count = unread.data?.count ?? 0;
  return (
    <Popover
      opened={opened}
      onChange={setOpened}
      position="bottom-start"
      width={360}
      withinPortal
      trapFocus
      shadow="md"
    >
      <Indicator disabled={count === 0} label={count > 99 ? "99+" : count} size={16} offset={5} color="red.8">
        <Popover.Target>
          <ActionIcon
            variant="subtle"
            color="gray"
            size={34}
            aria-label={t("bell", { count })}
            onClick={() => setOpened(!opened)}
          >
            <IconBell size={20} stroke={1.7} aria-hidden />
          </ActionIcon>
        </Popover.Target>
      </Indicator>
      <Popover.Dropdown aria-label={t("told")} maw="calc(100vw - 1.5rem)">
        <Suspense fallback={<LoadingRows rows={4} />}>
          <Told hasUnread={count > 0} onGo={() => setOpened(false)} />
        </Suspense>
      </Popover.Dropdown>
    </Popover>
  );
}
