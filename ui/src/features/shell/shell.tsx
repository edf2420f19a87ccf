// The frame of the workspace: navigation, who one is, whether what one sees is up to date.
import { ActionIcon, AppShell, Box, Burger, Group, NavLink, UnstyledButton } from "@mantine/core";
import { useDisclosure, useHotkeys } from "@mantine/hooks";
import {
  IconAdjustments,
  IconAlarm,
  IconBuilding,
  IconInbox,
  IconSearch,
  IconStairsUp,
  IconSun,
  IconUsersGroup,
} from "@tabler/icons-react";
import { useQueryClient } from "@tanstack/react-query";
import { Link, Outlet, useNavigate, useRouterState } from "@tanstack/react-router";
import { lazy, Suspense, useEffect } from "react";
import { useTranslation } from "react-i18next";
import { askPalette, forgetPalette, useAsked } from "@/app/commands";
import { useKeys } from "@/app/keys";
import { listen } from "@/app/live";
import { useMe } from "@/app/session";
import { keepTime, synchronise } from "@/app/time";
import { CheatSheet } from "@/features/keys/cheat-sheet";
import { useCommitmentTitles } from "@/features/policy/policy";
import { Mark } from "@/parts/mark";
import { CommitmentTitles } from "@/parts/titles";
import { Bell } from "./bell";
import { Person } from "./person";
import classes from "./shell.module.css";
import { StaleBanner } from "./stale-banner";

/** The main screens, with the key that leads there after `g`, and the permission that shows them. */
export const SCREENS = [
  { to: "/my-day", label: "nav.myDay", Sign: IconSun, key: "d", permission: "ticket.read" },
  { to: "/inbox", label: "nav.inbox", Sign: IconInbox, key: "i", permission: "ticket.read" },
  { to: "/board", label: "nav.board", Sign: IconAlarm, key: "b", permission: "clock.read" },
  { to: "/escalations", label: "nav.escalations", Sign: IconStairsUp, key: "e", permission: "escalation.read" },
  { to: "/accounts", label: "nav.accounts", Sign: IconBuilding, key: "a", permission: "account.read" },
  { to: "/teams", label: "nav.teams", Sign: IconUsersGroup, key: "t", permission: "agent.read" },
  { to: "/admin", label: "nav.admin", Sign: IconAdjustments, key: "s", permission: "settings.read" },
] as const;

const Palette = lazy(() => import("./palette"));

const IS_MAC = /Mac|iPhone|iPad/.test(navigator.userAgent);

/** Listens to what changes, and keeps the service's time, for as long as somebody is signed in. */
export function useLiveService(): void {
  const queries = useQueryClient();
  useEffect(() => listen(queries), [queries]);
  useEffect(() => {
    void keepTime();
    const timer = setInterval(() => void synchronise(), 60_000);
    return () => clearInterval(timer);
  }, []);
}

export function Shell() {
  const { t } = useTranslation();
  const { t: shell } = useTranslation("shell");
  const [opened, { toggle, close }] = useDisclosure(false);
  const me = useMe();
  const titles = useCommitmentTitles();
  const path = useRouterState({ select: (state) => state.location.pathname });
  const screens = SCREENS.filter((screen) => me.permissions.includes(screen.permission));
  const isAsked = useAsked().times > 0;
  const navigate = useNavigate();
  useLiveService();
  useEffect(() => forgetPalette, []);
  useGoKeys(screens);
  useHotkeys([["mod+K", () => askPalette()]], []);
  // The inbox and the search itself have a field of their own for that key.
  useKeys(
    path === "/inbox" || path === "/search"
      ? {}
      : { search: () => void navigate({ to: "/search", state: { seeks: true } }) },
  );
  return (
    <AppShell
      navbar={{ width: 236, breakpoint: "sm", collapsed: { mobile: !opened } }}
      header={{ height: { base: 52, sm: 0 } }}
      withBorder={false}
    >
      <a href="#content" className={classes.skip}>
        {t("nav.skip")}
      </a>
      <AppShell.Header hiddenFrom="sm" className={classes.header}>
        <Burger opened={opened} onClick={toggle} size="sm" aria-label={t(opened ? "nav.close" : "nav.open")} />
        <Mark />
        <Group ml="auto" gap={4}>
          <ActionIcon variant="subtle" color="gray" size={34} aria-label={shell("seek")} onClick={() => askPalette()}>
            <IconSearch size={20} stroke={1.7} aria-hidden />
          </ActionIcon>
          <Bell />
        </Group>
      </AppShell.Header>
      <AppShell.Navbar className={classes.navbar} aria-label={t("nav.label")}>
        <Box visibleFrom="sm" px="sm" pt="md" pb="sm">
          <Group justify="space-between" wrap="nowrap" mb="sm">
            <Mark />
            <Bell />
          </Group>
          <UnstyledButton className={classes.seek} onClick={() => askPalette()}>
            <IconSearch size={16} aria-hidden />
            {shell("seek")}
            <kbd aria-hidden>{IS_MAC ? "⌘" : "Ctrl"} K</kbd>
          </UnstyledButton>
        </Box>
        <Box flex={1} px="xs" className={classes.screens ?? ""}>
          {screens.map(({ to, label, Sign }) => (
            <NavLink
              key={to}
              component={Link}
              to={to}
              label={t(label)}
              active={path.startsWith(to)}
              aria-current={path.startsWith(to) ? "page" : undefined}
              leftSection={<Sign size={18} stroke={1.7} aria-hidden />}
              className={classes.link ?? ""}
              onClick={close}
            />
          ))}
        </Box>
        <Group p="xs">
          <Person />
        </Group>
      </AppShell.Navbar>
      <AppShell.Main id="content" tabIndex={-1} className={classes.main}>
        {isAsked && (
          <Suspense fallback={null}>
            <Palette
              screens={screens.map(({ to, label, Sign }) => ({
                to,
                name: t(label),
                sign: <Sign size={18} stroke={1.7} aria-hidden />,
              }))}
            />
          </Suspense>
        )}
        <CheatSheet screens={screens.map(({ to, label, key }) => ({ to, name: t(label), key }))} />
        <StaleBanner />
        <div className={classes.screen}>
          <CommitmentTitles value={titles}>
            <Outlet />
          </CommitmentTitles>
        </div>
      </AppShell.Main>
    </AppShell>
  );
}

/** `g` and then a screen's key leads to it. */
function useGoKeys(screens: readonly (typeof SCREENS)[number][]) {
  const navigate = useNavigate();
  useHotkeys([
    [
      "g",
      () => {
        const go = (event: KeyboardEvent) => {
          stop();
          const screen = screens.find(({ key }) => key === event.key);
          if (!screen) return;
          event.preventDefault();
          void navigate({ to: screen.to });
        };
        const stop = () => {
          clearTimeout(timer);
          window.removeEventListener("keydown", go, true);
        };
        const timer = setTimeout(stop, 1500);
        // It comes first, as the same key alone may do something else.
        window.addEventListener("keydown", go, true);
      },
    ],
  ]);
}
