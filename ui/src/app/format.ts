// Instants, spans and numbers in the reader's language. Nothing else on the screen formats a figure.
import { useTranslation } from "react-i18next";

const UNITS = [
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
  ["second", 1],
] as const;

/** Making a format costs a hundred times what using one does, so each is made once. */
function once<F>(make: (key: string) => F): (key: string) => F {
  const made = new Map<string, F>();
  return (key) => {
    const format = made.get(key) ?? make(key);
    made.set(key, format);
    return format;
  };
}

const unitFormat = once((key) => {
  const [language, unit, unitDisplay] = key.split(" ");
  return new Intl.NumberFormat(language, { style: "unit", unit, unitDisplay: unitDisplay as "narrow" | "long" });
});

/**
 * A span of time in its two largest units, such as `2h 15m`; under a minute in seconds. The sign is dropped: words around
 * it say whether it is left or over.
 */
export function span(seconds: number, language: string, display: "narrow" | "long" = "narrow"): string {
  let rest = Math.floor(Math.abs(seconds));
  const said: string[] = [];
  for (const [unit, size] of UNITS) {
    const count = Math.floor(rest / size);
    rest -= count * size;
    if (count === 0 && !(unit === "second" && said.length === 0)) {
      if (said.length > 0) break;
      continue;
    }
    said.push(unitFormat(`${language} ${unit} ${display}`).format(count));
    if (said.length === 2) break;
  }
  return said.join(" ");
}

/** How an instant is written: `month` is a month in UTC, `day` is a date, `weekday` a date of these weeks, `moment` date and time, `time` the time alone. */
export type InstantStyle = "month" | "day" | "weekday" | "moment" | "time" | "exact";

const STYLES: Record<InstantStyle, Intl.DateTimeFormatOptions> = {
  month: { month: "short", year: "2-digit", timeZone: "UTC" },
  day: { dateStyle: "medium" },
  weekday: { weekday: "short", day: "numeric", month: "short" },
  moment: { day: "numeric", month: "short", hour: "numeric", minute: "2-digit" },
  time: { hour: "numeric", minute: "2-digit" },
  exact: { dateStyle: "full", timeStyle: "long" },
};

/** Makes the formats of a language. `zone` is an IANA time zone; the browser's when absent. */
export function formats(language: string, zone?: string) {
  const at = once((style) => new Intl.DateTimeFormat(language, { timeZone: zone, ...STYLES[style as InstantStyle] }));
  const plain = new Intl.NumberFormat(language);
  const calendarDay = new Intl.DateTimeFormat(language, { dateStyle: "medium", timeZone: "UTC" });
  const languageNames = new Intl.DisplayNames([language], { type: "language" });
  const relative = new Intl.RelativeTimeFormat(language, { numeric: "auto" });
  return {
    instant: (value: string | number, style: InstantStyle = "moment") => at(style).format(new Date(value)),
    /** A date without a time, such as `2026-12-25`, of whichever zone. */
    date: (value: string) => calendarDay.format(new Date(`${value}T00:00:00Z`)),
    /** What a language is called; a tag that is none, as it is. */
    language: (tag: string) => {
      try {
        return languageNames.of(tag) ?? tag;
      } catch {
        return tag;
      }
    },
    /** How long ago, in its largest unit, such as `3 hours ago`. */
    ago: (value: string | number, now: number) => {
      const seconds = Math.round((new Date(value).getTime() - now) / 1000);
      const [unit, size] = UNITS.find(([, size]) => Math.abs(seconds) >= size) ?? (["second", 1] as const);
      return relative.format(Math.trunc(seconds / size), unit);
    },
    span: (seconds: number, display: "narrow" | "long" = "narrow") => span(seconds, language, display),
    number: (value: number, options?: Intl.NumberFormatOptions) =>
      (options ? new Intl.NumberFormat(language, options) : plain).format(value),
    percent: (share: number, digits = 0) =>
      new Intl.NumberFormat(language, { style: "percent", maximumFractionDigits: digits }).format(share),
    money: (minor: number, currency: string) => {
      const format = new Intl.NumberFormat(language, { style: "currency", currency });
      return format.format(minor / 10 ** (format.resolvedOptions().maximumFractionDigits ?? 2));
    },
    list: (items: string[]) => new Intl.ListFormat(language).format(items),
    bytes: (size: number) => {
      const [unit, scale] = size >= 1e6 ? (["megabyte", 1e6] as const) : (["kilobyte", 1e3] as const);
      const digits = { maximumFractionDigits: size >= 1e6 ? 1 : 0 };
      // What is there is never nothing.
      const shown = size > 0 ? Math.max(size / scale, 1) : 0;
      return new Intl.NumberFormat(language, { style: "unit", unit, ...digits }).format(shown);
    },
  };
}

export type Formats = ReturnType<typeof formats>;

const formatsOf = once((language) => formats(language));

/** The formats of the language that is spoken. */
export function useFormats(): Formats {
  const { i18n } = useTranslation();
  return formatsOf(i18n.language);
}
