// Saving what the inbox shows as a view of one's own or everybody's, and changing it later.
import { ActionIcon, Button, Checkbox, Group, Menu, Stack, Text, TextInput, Tooltip } from "@mantine/core";
import { IconBookmarkPlus, IconDots } from "@tabler/icons-react";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { api, data, onceKey } from "@/api/client";
import { ifUnchanged, versioned } from "@/api/versioned";
import { useMay, useMe } from "@/app/session";
import type { TicketFilter } from "@/features/ticket/queries";
import { Dialog } from "@/parts/dialog";
import { Refusal } from "@/parts/refusal";
import { type InboxSearch, queryOf, type View } from "./views";

interface Named {
  name: string;
  shared: boolean;
}

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
        <ViewForm
          title={t("save.label")}
          hint={search.risk ? t("save.noRisk") : undefined}
          initial={{ name: "", shared: false }}
          isPending={save.isPending}
          error={save.error}
          onSave={(named) => save.mutate(named)}
          onClose={() => setOpen(false)}
        />
      )}
    </>
  );
}

/** Renames, shares and removes a saved view that one may change. */
export function ViewMenu({ view }: { view: View }) {
  const { t } = useTranslation("inbox");
  const { t: common } = useTranslation();
  const me = useMe();
  const mayShare = useMay("view.share");
  const [isOpen, setOpen] = useState(false);
  const queries = useQueryClient();
  const navigate = useNavigate();
  const path = { path: { id: view.id } };
  const onSettled = () => queries.invalidateQueries({ queryKey: ["views"] });
  const change = useMutation({
    meta: { handlesFailure: true },
    mutationFn: async (named: Named) => {
      const read = await versioned(api.GET("/api/v1/views/{id}", { params: path }));
      return data(api.PATCH("/api/v1/views/{id}", { params: { ...path, header: ifUnchanged(read) }, body: named }));
    },
    onSuccess: () => setOpen(false),
    onSettled,
  });
  const remove = useMutation({
    mutationFn: () => api.DELETE("/api/v1/views/{id}", { params: path }),
    onSuccess: () => navigate({ to: "/inbox" }),
    onSettled,
  });
  if (view.owner ? view.owner !== me.id : !mayShare) return null;
  return (
    <>
      <Menu>
        <Menu.Target>
          <ActionIcon variant="subtle" color="gray" size="sm" aria-label={t("save.menu", { name: view.name })}>
            <IconDots size={16} aria-hidden />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item onClick={() => setOpen(true)}>{common("action.edit")}</Menu.Item>
          <Menu.Item onClick={() => remove.mutate()}>{common("action.remove")}</Menu.Item>
        </Menu.Dropdown>
      </Menu>
      {isOpen && (
        <ViewForm
          title={view.name}
          initial={{ name: view.name, shared: !view.owner }}
          isPending={change.isPending}
          error={change.error}
          onSave={(named) => change.mutate(named)}
          onClose={() => setOpen(false)}
        />
      )}
    </>
  );
}

interface ViewFormProps {
  title: string;
  hint?: string | undefined;
  initial: Named;
  isPending: boolean;
  error: Error | null;
  onSave: (named: Named) => void;
  onClose: () => void;
}

function ViewForm({ title, hint, initial, isPending, error, onSave, onClose }: ViewFormProps) {
  const { t } = useTranslation("inbox");
  const { t: common } = useTranslation();
  const mayShare = useMay("view.share");
  const [named, setNamed] = useState(initial);
  return (
    <Dialog opened onClose={onClose} title={title}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          onSave(named);
        }}
      >
        <Stack>
          <TextInput
            data-autofocus
            required
            label={t("save.name")}
            value={named.name}
            onChange={({ currentTarget: { value: name } }) => setNamed((before) => ({ ...before, name }))}
          />
          {mayShare && (
            <Checkbox
              label={t("save.shared")}
              checked={named.shared}
              onChange={({ currentTarget: { checked: shared } }) => setNamed((before) => ({ ...before, shared }))}
            />
          )}
          {hint && (
            <Text size="sm" c="dimmed">
              {hint}
            </Text>
          )}
          <Refusal error={error} />
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              {common("action.cancel")}
            </Button>
            <Button type="submit" loading={isPending}>
              {common("action.save")}
            </Button>
          </Group>
        </Stack>
      </form>
    </Dialog>
  );
}
