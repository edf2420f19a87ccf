// What narrows a view: by person, account, tier, category, tag, severity and how near a breach is.
import { ActionIcon, Group, Indicator, Pill, Popover } from "@mantine/core";
import { IconFilter } from "@tabler/icons-react";
import { Fragment, lazy, Suspense, useState } from "react";
import { useTranslation } from "react-i18next";
import { useName } from "@/features/directory/names";
import { usePolicy } from "@/features/policy/policy";
import { LoadingRows } from "@/parts/states";
import classes from "./inbox.module.css";
import { useNarrow } from "./narrow";
import { type InboxSearch, NARROWING } from "./views";

const FilterPanel = lazy(() => import("./filter-panel"));

export function Filters({ search }: { search: InboxSearch }) {
  const { t } = useTranslation("inbox");
  const [isOpen, setOpen] = useState(false);
  const count = NARROWING.filter((key) => search[key]).length;
  return (
    <Popover
      position="bottom-start"
      width={320}
      trapFocus
      returnFocus
      closeOnEscape={false}
      opened={isOpen}
      onChange={setOpen}
    >
      <Indicator disabled={count === 0} label={count} size={16} color="harbor">
        <Popover.Target>
          <ActionIcon
            variant="default"
            size={34}
            aria-label={t("filter", { count })}
            onClick={() => setOpen((before) => !before)}
          >
            <IconFilter size={16} aria-hidden />
          </ActionIcon>
        </Popover.Target>
      </Indicator>
      <Popover.Dropdown
        aria-label={t("filters")}
        mah="70vh"
        style={{ overflow: "auto" }}
        onKeyDownCapture={({ key, target }) => {
          // Escape is first for the list of a field that is open.
          if (key === "Escape" && !(target as Element).closest("[data-expanded]")) setOpen(false);
        }}
      >
        <Suspense fallback={<LoadingRows rows={8} />}>
          <FilterPanel search={search} />
        </Suspense>
      </Popover.Dropdown>
    </Popover>
  );
}

/** What narrows the list now, each of it taken away by its cross. */
export function Chosen({ search }: { search: InboxSearch }) {
  const { t } = useTranslation("inbox");
  const narrow = useNarrow();
  const policy = usePolicy();
  const titleOf = (category: string) => policy?.categories.find(({ name }) => name === category)?.title;
  const shown = NARROWING.filter((key) => search[key] && !(key === "team" && !search.view));
  if (shown.length === 0) return null;
  return (
    <Group gap={6} className={classes.chosen ?? ""}>
      {shown.map((key) => {
        const value = search[key] ?? "";
        return (
          <Pill
            key={key}
            withRemoveButton
            onRemove={() => narrow(key, null)}
            removeButtonProps={{
              "aria-label": t("unfilter", { what: t(`by.${key}`) }),
              tabIndex: 0,
              "aria-hidden": false,
            }}
          >
            {t(`by.${key}`)}:{" "}
            {key === "risk"
              ? t(`risk.${value as "late"}`)
              : value.split(",").map((each, at) => (
                  <Fragment key={each}>
                    {at > 0 && ", "}
                    {(key === "category" && titleOf(each)) || <NameOr id={each} />}
                  </Fragment>
                ))}
          </Pill>
        );
      })}
    </Group>
  );
}

/** The name of an identifier, or what stands there where it is none. */
function NameOr({ id }: { id: string }) {
  const { t } = useTranslation("inbox");
  const isId = /^[0-9a-f]{8}-/.test(id);
  const name = useName(isId ? id : undefined);
  if (id === "none") return t("nobody");
  return isId ? (name ?? "…") : id;
}
