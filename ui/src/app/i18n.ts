// Languages. Each is one bundle, loaded when it is chosen; English is the one whose keys the others are held to.
import i18next from "i18next";
import { initReactI18next } from "react-i18next";
import { type RefusalWords, speakOfRefusals } from "@/api/words";
import type en from "@/locales/en";

export const LANGUAGES = { en: "English", es: "Español", "pt-BR": "Português (Brasil)" } as const;
export type Language = keyof typeof LANGUAGES;
export type Words = typeof en;

const CHOSEN = "mainstay-language";
/** The service speaks English by itself. */
const refusals: Partial<Record<Language, () => Promise<{ default: RefusalWords }>>> = {
  es: () => import("@/locales/es/refusals.json"),
  "pt-BR": () => import("@/locales/pt-BR/refusals.json"),
};

const bundles: Record<Language, () => Promise<{ default: object }>> = {
  en: () => import("@/locales/en"),
  es: () => import("@/locales/es"),
  "pt-BR": () => import("@/locales/pt-BR"),
};

/** The supported language that fits a list of wishes best. */
export function bestLanguage(wishes: readonly string[]): Language {
  for (const wish of wishes) {
    const spoken = wish.toLowerCase().split("-")[0];
    const fit = (Object.keys(LANGUAGES) as Language[]).find((known) => known.toLowerCase().split("-")[0] === spoken);
    if (fit) return fit;
  }
  return "en";
}

/** Whether somebody chose a language on this browser, which then counts for more than the one they are written to in. */
export function hasChosenLanguage(): boolean {
  return localStorage.getItem(CHOSEN) !== null;
}

export async function startLanguage(): Promise<void> {
  const chosen = localStorage.getItem(CHOSEN);
  await i18next.use(initReactI18next).init({
    lng: "none",
    defaultNS: "common",
    fallbackLng: false,
    interpolation: { escapeValue: false },
    resources: {},
  });
  await speak(bestLanguage(chosen ? [chosen] : navigator.languages));
}

/** Changes the language of the screen. */
export async function speak(language: Language): Promise<void> {
  const [bundle, words] = await Promise.all([bundles[language](), refusals[language]?.()]);
  speakOfRefusals(words?.default);
  for (const [namespace, words] of Object.entries(bundle.default)) {
    i18next.addResourceBundle(language, namespace, words, true, true);
  }
  await i18next.changeLanguage(language);
  localStorage.setItem(CHOSEN, language);
  document.documentElement.lang = language;
}

declare module "i18next" {
  interface CustomTypeOptions {
    defaultNS: "common";
    resources: Words;
    enableSelector: false;
  }
}
