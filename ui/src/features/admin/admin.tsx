// The frame of the administration: its sections, and the one that is open.
import { Box, NativeSelect, NavLink } from "@mantine/core";
import { ModalsProvider } from "@mantine/modals";
import { Link, Outlet, useNavigate, useRouterState } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { useMe } from "@/app/session";
import { Page } from "@/parts/page";
import { Forbidden } from "@/parts/states";
import classes from "./admin.module.css";
import { SECTIONS } from "./sections";

export function Admin() {
  const { t } = useTranslation("admin");
  const me = useMe();
  const navigate = useNavigate();
  const path = useRouterState({ select: (state) => state.location.pathname });
  const sections = SECTIONS.filter(({ permission }) => me.permissions.includes(permission));
  const open = sections.find(({ to }) => path.startsWith(to));
  const isForbidden = !open && SECTIONS.some(({ to }) => path.startsWith(to));
  return (
    <Page title={t("title")}>
      <Box className={classes.layout}>
        <nav className={classes.sections} aria-label={t("sections")}>
          {sections.map(({ to, label }) => (
            <NavLink
              key={to}
              component={Link}
              to={to}
              label={t(label)}
              active={open?.to === to}
              aria-current={open?.to === to ? "page" : undefined}
              className={classes.section ?? ""}
            />
          ))}
        </nav>
        <NativeSelect
          className={classes.picker}
          label={t("sections")}
          value={open?.to ?? ""}
          data={[
            // Else the picker would say that the first is open.
            ...(open ? [] : [{ value: "", label: "" }]),
            ...sections.map(({ to, label }) => ({ value: to, label: t(label) })),
          ]}
          onChange={({ currentTarget }) => {
            const chosen = sections.find(({ to }) => to === currentTarget.value);
            if (chosen) void navigate({ to: chosen.to });
          }}
        />
        <Box>
          <ModalsProvider>{isForbidden ? <Forbidden /> : <Outlet />}</ModalsProvider>
        </Box>
      </Box>
    </Page>
  );
}
