// The portal's frame: the company's own name on top, five places to go, and nothing else.
import { Box, Button, Container, Group, Menu, Text, UnstyledButton } from "@mantine/core";
import { IconChevronDown, IconLogout, IconPlus, IconUser } from "@tabler/icons-react";
import { Link, Outlet, useRouterState } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { useMe } from "@/app/session";
import { useSignOut } from "@/features/session/sign-out";
import { useLiveService } from "@/features/shell/shell";
import { StaleBanner } from "@/features/shell/stale-banner";
import { Avatar } from "@/parts/avatar";
import { CommitmentTitles } from "@/parts/titles";
import { useBranding } from "./branding";
import classes from "./portal.module.css";
import { useCommitmentTitles } from "./queries";

const PLACES = [
  { to: "/portal", label: "portalNav.tickets", begins: /^\/portal\/?$|^\/portal\/requests/ },
  { to: "/portal/promises", label: "portalNav.promises", begins: /^\/portal\/promises/ },
  { to: "/portal/people", label: "portalNav.people", begins: /^\/portal\/people/ },
] as const;

export function PortalShell() {
  const { t } = useTranslation();
  const { name, logo } = useBranding();
  const path = useRouterState({ select: (state) => state.location.pathname });
  const titles = useCommitmentTitles();
  useLiveService();
  return (
    <Box className={classes.frame}>
      <a href="#content" className={classes.skip}>
        {t("nav.skip")}
      </a>
      <header className={classes.header}>
        <Container size="lg" className={classes.bar}>
          <Link to="/portal" className={classes.brand}>
            <img src={logo} alt="" height={26} />
            <span>{name}</span>
          </Link>
          <nav aria-label={t("nav.label")} className={classes.nav}>
            {PLACES.map(({ to, label, begins }) => (
              <Link
                key={to}
                to={to}
                className={classes.place}
                activeOptions={{ exact: true }}
                aria-current={begins.test(path) ? "page" : undefined}
              >
                {t(label)}
              </Link>
            ))}
          </nav>
          <Group gap="xs" wrap="nowrap" className={classes.own}>
            <Button component={Link} to="/portal/new" leftSection={<IconPlus size={16} aria-hidden />}>
              {t("portalNav.new")}
            </Button>
            <PersonMenu />
          </Group>
        </Container>
      </header>
      <StaleBanner />
      <main id="content" tabIndex={-1} className={classes.content}>
        <Container size="lg" px={0}>
          <CommitmentTitles value={titles}>
            <Outlet />
          </CommitmentTitles>
        </Container>
      </main>
    </Box>
  );
}

function PersonMenu() {
  const { t } = useTranslation();
  const me = useMe();
  const signOut = useSignOut();
  return (
    <Menu position="bottom-end" width={220}>
      <Menu.Target>
        <UnstyledButton className={classes.person}>
          <span className="unseen">{t("person.menu", { name: me.name })}</span>
          <Avatar name={me.name} />
          <IconChevronDown size={16} aria-hidden />
        </UnstyledButton>
      </Menu.Target>
      <Menu.Dropdown>
        <Box px="sm" py="xs">
          <Text size="sm" fw={600} truncate>
            {me.name}
          </Text>
          <Text size="xs" c="dimmed" truncate>
            {me.email}
          </Text>
        </Box>
        <Menu.Divider />
        <Menu.Item component={Link} to="/portal/profile" leftSection={<IconUser size={16} aria-hidden />}>
          {t("portalNav.profile")}
        </Menu.Item>
        <Menu.Item leftSection={<IconLogout size={16} aria-hidden />} onClick={() => signOut.mutate()}>
          {t("person.signOut")}
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
