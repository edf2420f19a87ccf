// What can be done on the screen that is shown, by key and in the palette: said once, in the place that does it.
import { useEffect, useId, useSyncExternalStore } from "react";
import { type KeyAction, useKeys } from "./keys";

/** One of the values that a command asks for. */
export interface Choice {
  id: string;
  name: string;
  act: () => unknown;
}

/** Something that can be done now: at once, or with a value that is chosen in the palette. */
export type Command = { action: KeyAction } & (
  | { act: () => unknown }
  | {
      /** What can be chosen after some words, which may themselves be the value. */
      choices: (words: string) => Choice[];
      /** What is to be typed, where it is not the name of a choice. */
      hint?: string;
    }
);

/** Commands, and what they are done to. */
interface Offer {
  about: string;
  commands: Command[];
}

/** How often the palette was asked for, and the command whose values it is to show. */
interface Asked {
  times: number;
  action?: KeyAction | undefined;
}

const offers = new Map<string, Offer>();
let offered: Offer[] = [];
let asked: Asked = { times: 0 };
const listeners = new Set<() => void>();

function tell(): void {
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function offer(key: string, made: Offer | undefined): void {
  if (made) offers.set(key, made);
  else offers.delete(key);
  offered = [...offers.values()].filter(({ commands }) => commands.length > 0);
  tell();
}

/** Opens the palette, at the values of a command where one is named. */
export function askPalette(action?: KeyAction): void {
  asked = { times: asked.times + 1, action };
  tell();
}

/** Whoever comes next has not asked for it. */
export function forgetPalette(): void {
  asked = { times: 0 };
  tell();
}

export function useAsked(): Asked {
  return useSyncExternalStore(subscribe, () => asked);
}

/** What can be done on the screen that is shown. */
export function useOffered(): Offer[] {
  return useSyncExternalStore(subscribe, () => offered);
}

/** Offers commands by their keys and in the palette, for as long as the component is shown. */
export function useCommands(about: string, commands: Command[]): void {
  const key = useId();
  useKeys(
    Object.fromEntries(
      commands.map((command) => [command.action, "act" in command ? command.act : () => askPalette(command.action)]),
    ),
  );
  // They are made anew whenever what they change is drawn anew.
  useEffect(() => offer(key, { about, commands }));
  useEffect(() => () => offer(key, undefined), [key]);
}
