// The command palette: screens, tickets by number or words, accounts by name, and what may be done. Loaded when first asked for.
import "@mantine/spotlight/styles.css";
import { Group, Text, useMantineColorScheme } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { createSpotlight, Spotlight } from "@mantine/spotlight";
import {
  IconArrowRight,
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
import { type Command, useAsked, useOffered } from "@/app/commands";
import { type KeyAction, keysOf } from "@/app/keys";
import { useMay } from "@/app/session";
import { everythingQuery, type Found } from "@/features/search/queries";
import { useSignOut } from "@/features/session/sign-out";
import { Keys } from "@/parts/keys";
import { Marked } from "@/parts/marked";
import { holdsWords, ticketNumber } from "./palette-words";
import classes from "./shell.module.css";

interface PaletteProps {
  screens: { to: string; name: string; sign: ReactNode }[];
}

interface Entries {
  label: string;
  entries: Entry[];
}

interface Entry {
  id: string;
  label: string;
  /** What is drawn in place of the label, where words are marked. */
  shown?: ReactNode;
  description?: string;
  sign: ReactNode;
  /** The keys that do the same. */
  keys?: string;
  /** Whether it leads to the values to choose from. */
  leadsOn?: boolean;
  act: () => void;
}

const [store, palette] = createSpotlight();

const SIGN = { size: 18, stroke: 1.7, "aria-hidden": true } as const;

/** The sign of each kind of thing that can be found. */
const SIGNS: Record<string, ReactNode> = {
  account: <IconBuilding {...SIGN} />,
  contact: <IconUserCircle {...SIGN} />,
  message: <IconMessage {...SIGN} />,
  ticket: <IconTicket {...SIGN} />,
};

export default function Palette({ screens }: PaletteProps) {
  const { t } = useTranslation("shell");
  const { t: keys } = useTranslation("keys");
  const { t: common } = useTranslation();
  const navigate = useNavigate();
  const mayOpen = useMay("ticket.create");
  const signOut = useSignOut();
  const { toggleColorScheme } = useMantineColorScheme();
  const [words, setWords] = useState("");
  const [sought] = useDebouncedValue(words.trim(), 150);
  const isWide = sought.length > 1;
  const asked = useAsked();
  const offers = useOffered();
  const [step, setStep] = useState<KeyAction>();
  useEffect(() => {
    if (asked.times === 0) return;
    setStep(asked.action);
    setWords("");
    palette.open();
  }, [asked]);
  const stepped = offers.flatMap(({ commands }) => commands).find(({ action }) => action === step);
  const choosing = stepped && "choices" in stepped ? stepped : undefined;
  const found = useQuery({
    ...everythingQuery(sought, 5),
    enabled: isWide && !choosing,
    placeholderData: keepPreviousData,
  });
  const go = (to: KeyAction | undefined) => {
    setStep(to);
    setWords("");
  };
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
  const commandEntry = (command: Command): Entry => ({
    id: `command ${command.action}`,
    label: keys(`action.${command.action}`),
    sign: <IconArrowRight {...SIGN} />,
    keys: keysOf(command.action),
    leadsOn: "choices" in command,
    act: () => ("act" in command ? void command.act() : go(command.action)),
  });
  const title = choosing && keys(`action.${choosing.action}`);
  const hint = choosing ? (choosing.hint ?? title) : t("placeholder");
  const values: Entries[] = [
    {
      label: title ?? "",
      entries: (choosing?.choices(words) ?? [])
        .filter(({ name }) => holdsWords(name, words))
        .map(({ id, name, act }) => entry(id, name, <IconArrowRight {...SIGN} />, () => void act())),
    },
  ];
  const everything: Entries[] = [
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
    ...[...new Set(offers.map(({ about }) => about))].map((about) => ({
      label: about,
      entries: offers
        .filter((offer) => offer.about === about)
        .flatMap(({ commands }) => commands.map(commandEntry))
        .filter(({ label }) => holdsWords(label, words)),
    })),
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
  const shown = (choosing ? values : everything).filter(({ entries }) => entries.length > 0);
  return (
    <Spotlight.Root
      store={store}
      query={words}
      onQueryChange={setWords}
      shortcut={null}
      scrollable
      maxHeight={440}
      attributes={{ content: { "aria-label": t("seek") } }}
    >
      <Spotlight.Search
        placeholder={hint}
        aria-label={choosing ? [...new Set([title, hint])].join(": ") : hint}
        leftSection={<IconSearch {...SIGN} />}
        onKeyDown={(event) => {
          if (choosing && event.key === "Backspace" && words === "") go(undefined);
        }}
      />
      <Spotlight.ActionsList>
        {shown.map(({ label, entries }) => (
          <Spotlight.ActionsGroup key={label} label={label}>
            {entries.map((each) => (
              <Spotlight.Action
                key={each.id}
                label={each.label}
                description={each.description}
                leftSection={each.sign}
                rightSection={each.keys && <Keys written={each.keys} />}
                closeSpotlightOnTrigger={!each.leadsOn}
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
        {choosing && shown.length === 0 && <Spotlight.Empty>{words === "" ? hint : t("noChoice")}</Spotlight.Empty>}
      </Spotlight.ActionsList>
      <SelectFirst of={choosing?.action} />
    </Spotlight.Root>
  );
}

/** Puts the keyboard on the first of the values that are shown, so that Enter takes it. It stands after their list. */
function SelectFirst({ of }: { of: KeyAction | undefined }) {
  useEffect(() => {
    if (!of) return;
    store.updateState((state) => ({ ...state, selected: 0 }));
    const list = document.getElementById(store.getState().listId);
    list?.querySelector("[data-action]")?.setAttribute("data-selected", "true");
  }, [of]);
  return null;
}
