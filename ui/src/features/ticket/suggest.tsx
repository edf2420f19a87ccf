// What is offered while one writes: people after `@`, prepared answers after `/`.
import { Portal, Text } from "@mantine/core";
import { Extension } from "@tiptap/core";
import { PluginKey } from "@tiptap/pm/state";
import Suggestion, { type SuggestionKeyDownProps, type SuggestionProps } from "@tiptap/suggestion";
import { useTranslation } from "react-i18next";
import classes from "./composer.module.css";

export interface Offer {
  id: string;
  name: string;
  hint?: string;
}

/** What is offered now, where, and which of it is chosen by Enter. */
export interface Offered {
  offers: Offer[];
  at: number;
  box: DOMRect;
  take: (offer: Offer) => void;
}

interface Trigger {
  char: "@" | "/";
  find: (typed: string) => Offer[];
  take: (offer: Offer, insert: (content: object[]) => void) => void;
}

/** An extension that offers something after each of the characters, and tells what to show. */
export function suggestions(triggers: Trigger[], show: (offered: Offered | undefined) => void) {
  return Extension.create({
    name: "suggestions",
    addProseMirrorPlugins() {
      return triggers.map(({ char, find, take }) =>
        Suggestion<Offer, Offer>({
          editor: this.editor,
          pluginKey: new PluginKey(`suggest ${char}`),
          char,
          items: ({ query }) => find(query),
          command: ({ editor, range, props }) => {
            editor.chain().focus().deleteRange(range).run();
            take(props, (content) => editor.chain().focus().insertContent(content).run());
          },
          render: () => drawer(show),
        }),
      );
    },
  });
}

/** Keeps what is offered, and which of it is chosen, while keys are pressed. */
function drawer(show: (offered: Offered | undefined) => void) {
  let now: SuggestionProps<Offer, Offer> | undefined;
  let at = 0;
  const draw = () => {
    const box = now?.clientRect?.();
    show(now && box && now.items.length > 0 ? { offers: now.items, at, box, take: now.command } : undefined);
  };
  const open = (props: SuggestionProps<Offer, Offer>) => {
    now = props;
    at = 0;
    draw();
  };
  return {
    onStart: open,
    onUpdate: open,
    onExit: () => {
      now = undefined;
      draw();
    },
    onKeyDown: ({ event }: SuggestionKeyDownProps) => {
      const count = now?.items.length ?? 0;
      if (!now || count === 0) return false;
      if (event.key === "ArrowDown") at = (at + 1) % count;
      else if (event.key === "ArrowUp") at = (at + count - 1) % count;
      else if (event.key === "Escape") {
        now = undefined;
        event.stopPropagation();
      } else if (event.key === "Enter" || event.key === "Tab") {
        const chosen = now.items[at];
        if (chosen) now.command(chosen);
        return true;
      } else return false;
      draw();
      return true;
    },
  };
}

/** The list above the line that is written. What is chosen is said aloud, for the focus stays in the text. */
export function Suggestions({ offered }: { offered: Offered | undefined }) {
  const { t } = useTranslation("ticket");
  const chosen = offered?.offers[offered.at];
  return (
    <>
      <span className="unseen" aria-live="assertive">
        {chosen?.name}
      </span>
      {offered && (
        <Portal>
          <div
            role="listbox"
            aria-label={t("offers")}
            className={classes.offers}
            style={{ left: offered.box.left, bottom: window.innerHeight - offered.box.top + 4 }}
          >
            {offered.offers.map((offer, at) => (
              <div
                key={offer.id}
                role="option"
                tabIndex={-1}
                aria-selected={at === offered.at}
                className={classes.offer}
                onMouseDown={(event) => {
                  event.preventDefault();
                  offered.take(offer);
                }}
              >
                {offer.name}
                {offer.hint && (
                  <Text size="xs" c="dimmed" truncate>
                    {offer.hint}
                  </Text>
                )}
              </div>
            ))}
          </div>
        </Portal>
      )}
    </>
  );
}
