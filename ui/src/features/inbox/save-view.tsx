// Saving what the inbox shows as a view of one's own or everybody's, and changing it later.
import { ActionIcon, Button, Menu, Tooltip } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { IconBookmarkPlus, IconDots } from "@tabler/icons-react";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { lazy, Suspense, useState } from "react";
import { useTranslation } from "react-i18next";
import { api, data, onceKey } from "@/api/client";
import { ifUnchanged, versioned } from "@/api/versioned";
import { useMay, useMe } from "@/app/session";
import type { TicketFilter } from "@/features/ticket/queries";
import type { Named } from "./view-form";
import { filterOf, type InboxSearch, queryOf, type View } from "./views";

/** How long putting a removed view back is offered, in milliseconds. */
const OFFERED = 20_000;

const ViewForm = lazy(() => import("./view-form"));

/** Saves what is shown. */
export function SaveView({ search, filter }: { search: InboxSearch; filter: TicketFilter }) {
  const { t } = useTranslation("inbox");
  const [isOpen, setOpen] = useState(false);
  const queries = useQueryClient();
  const navigate = useNavigate();
  const save = useMutation({
    meta: { handlesFailure: true },
    mutationFn: (named: Named) =>
      data(api.POST("/api/v1/views", { headers: onceKey(), body: { ...named, query: queryOf(filter) } })),
    onSuccess: async (view) => {
      await queries.invalidateQueries({ queryKey: ["views"] });
      setOpen(false);
      return navigate({ to: "/inbox", search: { view: view.id } });
    },
  });
  return (
    <>
      <Tooltip label={t("save.label")}>
        <ActionIcon variant="default" size={34} aria-label={t("save.label")} onClick={() => setOpen(true)}>
          <IconBookmarkPlus size={16} aria-hidden />
        </ActionIcon>
      </Tooltip>
      {isOpen && (
        <Suspense>
          <ViewForm
            title={t("save.label")}
            hint={search.risk ? t("save.noRisk") : undefined}
            initial={{ name: "", shared: false }}
            isPending={save.isPending}
            error={save.error}
            onSave={(named) => save.mutate(named)}
            onClose={() => setOpen(false)}
          />
        </Suspense>
      )}
    </>
  );
}

/** Renames, shares, rewrites and removes a saved view that one may change. */
export function ViewMenu({ view, filter }: { view: View; filter: TicketFilter }) {
  const { t } = useTranslation("inbox");
  const { t: common } = useTranslation();
  const me = useMe();
  const mayShare = useMay("view.share");
  const [isOpen, setOpen] = useState(false);
  const queries = useQueryClient();
  const navigate = useNavigate();
  const path = { path: { id: view.id } };
  const onSettled = () => queries.invalidateQueries({ queryKey: ["views"] });
  const patch = async (body: Partial<Named & Pick<View, "query">>) => {
    const read = await versioned(api.GET("/api/v1/views/{id}", { params: path }));
    return data(api.PATCH("/api/v1/views/{id}", { params: { ...path, header: ifUnchanged(read) }, body }));
  };
  const change = useMutation({
    meta: { handlesFailure: true },
    mutationFn: (named: Named) => patch(named),
    onSuccess: () => setOpen(false),
    onSettled,
  });
  const remove = useMutation({
    mutationFn: () => api.DELETE("/api/v1/views/{id}", { params: path }),
    onSuccess: () => {
      const id = notifications.show({
        autoClose: OFFERED,
        title: t("save.removed", { name: view.name }),
        message: (
          <Button
            size="compact-sm"
            variant="subtle"
            onClick={() => {
              notifications.hide(id);
              putBack.mutate();
            }}
          >
            {common("action.undo")}
          </Button>
        ),
      });
      return navigate({ to: "/inbox" });
    },
    onSettled,
  });
  const putBack = useMutation({
    mutationFn: () => {
      const { name, query, position, owner } = view;
      return data(api.POST("/api/v1/views", { headers: onceKey(), body: { name, query, position, shared: !owner } }));
    },
    onSuccess: async ({ id }) => {
      await onSettled();
      return navigate({ to: "/inbox", search: { view: id } });
    },
  });
  const shown = queryOf(filter);
  const keepShown = useMutation({
    mutationFn: () => patch({ query: shown }),
    onSuccess: () => navigate({ to: "/inbox", search: { view: view.id } }),
    onSettled,
  });
  if (view.owner ? view.owner !== me.id : !mayShare) return null;
  return (
    <>
      <Menu returnFocus>
        <Menu.Target>
          <ActionIcon variant="subtle" color="gray" size="sm" aria-label={t("save.menu", { name: view.name })}>
            <IconDots size={16} aria-hidden />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item onClick={() => setOpen(true)}>{common("action.edit")}</Menu.Item>
          {shown !== queryOf(filterOf({ view: view.id }, [view], 0)) && (
            <Menu.Item onClick={() => keepShown.mutate()}>{t("save.now")}</Menu.Item>
          )}
          <Menu.Item onClick={() => remove.mutate()}>{common("action.remove")}</Menu.Item>
        </Menu.Dropdown>
      </Menu>
      {isOpen && (
        <Suspense>
          <ViewForm
            title={view.name}
            initial={{ name: view.name, shared: !view.owner }}
            isPending={change.isPending}
            error={change.error}
            onSave={(named) => change.mutate(named)}
            onClose={() => setOpen(false)}
          />
        </Suspense>
      )}
    </>
  );
}
