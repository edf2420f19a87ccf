// The command palette: screens, tickets by number or words, accounts by name, and what may be done. Loaded when first asked for.
import "@mantine/spotlight/styles.css";
import { Group, Text, useMantineColorScheme } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { Spotlight, spotlight } from "@mantine/spotlight";
import {
  IconBuilding,
  IconHash,
  IconLogout,
  IconMessage,
  IconMoon,
  IconPlus,
  IconSearch,
  IconTicket,
  IconUserCircle,
} from "@tabler/icons-react";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { type ReactNode, useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { useMay } from "@/app/session";
import { everythingQuery, type Found } from "@/features/search/queries";
import { useSignOut } from "@/features/session/sign-out";
import { Marked } from "@/parts/marked";
import { holdsWords, ticketNumber } from "./palette-words";
import classes from "./shell.module.css";

interface PaletteProps {
  /** How often it was asked for: each time it opens. */
  asked: number;
  screens: { to: string; name: string; sign: ReactNode }[];
}

interface Entry {
  id: string;
  label: string;
  /** What is drawn in place of the label, where words are marked. */
  shown?: ReactNode;
  description?: string;
  sign: ReactNode;
  act: () => void;
}

const SIGN = { size: 18, stroke: 1.7, "aria-hidden": true } as const;

/** The sign of each kind of thing that can be found. */
const SIGNS: Record<string, ReactNode> = {
  account: <IconBuilding {...SIGN} />,
  contact: <IconUserCircle {...SIGN} />,
  message: <IconMessage {...SIGN} />,
  ticket: <IconTicket {...SIGN} />,
};

export default function Palette({ asked, screens }: PaletteProps) {
  const { t } = useTranslation("shell");
  const { t: common } = useTranslation();
  const navigate = useNavigate();
  const mayOpen = useMay("ticket.create");
  const signOut = useSignOut();
  const { toggleColorScheme } = useMantineColorScheme();
  const [words, setWords] = useState("");
  const [sought] = useDebouncedValue(words.trim(), 150);
  const isWide = sought.length > 1;
  const found = useQuery({ ...everythingQuery(sought, 5), enabled: isWide, placeholderData: keepPreviousData });
  useEffect(() => {
    if (asked > 0) spotlight.open();
  }, [asked]);
  const number = ticketNumber(words);
  const entry = (id: string, label: string, sign: ReactNode, act: () => void, description?: string): Entry => ({
    id,
    label,
    sign,
    act,
    ...(description ? { description } : {}),
  });
  const foundEntry = (each: Found): Entry => ({
    id: each.kind + each.id,
    label: "",
    shown: (
      <div className={classes.found}>
        {each.number && `#${each.number} `}
        <Marked parts={each.name} />
        {each.excerpt.length > 0 && (
          <Text size="xs" c="dimmed" lineClamp={2}>
            <Marked parts={each.excerpt} />
          </Text>
        )}
      </div>
    ),
    sign: SIGNS[each.kind] ?? SIGNS.ticket,
    act: () => goTo(each),
  });
  const goTo = ({ kind, id, number, account }: Found) => {
    if (number) return void navigate({ to: "/tickets/$id", params: { id: String(number) } });
    const of = kind === "account" ? id : account;
    if (of) void navigate({ to: "/accounts/$id", params: { id: of } });
  };
  const groups: { label: string; entries: Entry[] }[] = [
    {
      label: t("tickets"),
      entries: [
        ...(number
          ? [
              entry("number", t("openNumber", { number }), <IconHash {...SIGN} />, () =>
                navigate({ to: "/tickets/$id", params: { id: number } }),
              ),
            ]
          : []),
      ],
    },
    {
      label: t("found"),
      entries: (isWide ? (found.data ?? []) : []).filter(({ number: n }) => String(n) !== number).map(foundEntry),
    },
    {
      label: t("screens"),
      entries: screens
        .filter(({ name }) => holdsWords(name, words))
        .map(({ to, name, sign }) => entry(to, name, sign, () => void navigate({ to }))),
    },
    {
      label: t("actions"),
      entries: [
        ...(mayOpen
          ? [entry("new", t("newTicket"), <IconPlus {...SIGN} />, () => void navigate({ to: "/tickets/new" }))]
          : []),
        entry("me", t("me"), <IconUserCircle {...SIGN} />, () => void navigate({ to: "/me" })),
        entry("scheme", t("toggleScheme"), <IconMoon {...SIGN} />, toggleColorScheme),
        entry("out", common("person.signOut"), <IconLogout {...SIGN} />, () => signOut.mutate()),
      ].filter(({ label }) => holdsWords(label, words)),
    },
    {
      label: common("nav.search"),
      entries: words.trim()
        ? [
            entry(
              "everywhere",
              t("searchFor", { words: words.trim() }),
              <IconSearch {...SIGN} />,
              () => void navigate({ to: "/search", search: { q: words.trim() } }),
            ),
          ]
        : [],
    },
  ];
  return (
    <Spotlight.Root
      query={words}
      onQueryChange={setWords}
      shortcut={null}
      scrollable
      maxHeight={440}
      attributes={{ content: { "aria-label": t("seek") } }}
    >
      <Spotlight.Search
        placeholder={t("placeholder")}
        aria-label={t("placeholder")}
        leftSection={<IconSearch {...SIGN} />}
      />
      <Spotlight.ActionsList>
        {groups
          .filter(({ entries }) => entries.length > 0)
          .map(({ label, entries }) => (
            <Spotlight.ActionsGroup key={label} label={label}>
              {entries.map((each) => (
                <Spotlight.Action
                  key={each.id}
                  label={each.label}
                  description={each.description}
                  leftSection={each.sign}
                  onClick={each.act}
                >
                  {each.shown && (
                    <Group gap="sm" wrap="nowrap" w="100%">
                      {each.sign}
                      {each.shown}
                    </Group>
                  )}
                </Spotlight.Action>
              ))}
            </Spotlight.ActionsGroup>
          ))}
      </Spotlight.ActionsList>
    </Spotlight.Root>
  );
}
