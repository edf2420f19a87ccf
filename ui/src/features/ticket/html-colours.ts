// A message on a dark screen. Most mails bring no design, only words in colours that were chosen for white paper, such as the
// black that some programs put on every line. Those take the screen's own paper, and their colours are lightened until they can be
// read. What brings paper of its own, such as a newsletter, was designed as a whole and stays as it is.
import { hex, lightened, parse, type Rgb } from "@/parts/colour";

/** The paper of a dark screen. */
const DARK: Rgb = [23, 33, 38];

/** The colours by name that mails are written with. */
const NAMED: Record<string, string> = {
  black: "#000000",
  silver: "#c0c0c0",
  gray: "#808080",
  grey: "#808080",
  white: "#ffffff",
  maroon: "#800000",
  red: "#ff0000",
  purple: "#800080",
  fuchsia: "#ff00ff",
  green: "#008000",
  lime: "#00ff00",
  olive: "#808000",
  yellow: "#ffff00",
  navy: "#000080",
  blue: "#0000ff",
  teal: "#008080",
  aqua: "#00ffff",
  orange: "#ffa500",
  windowtext: "#000000",
};

/** No colour, or that of what stands around. */
const NONE = /^(|none|transparent|inherit|initial|unset|currentcolor)$/;

/** A colour as a style says it; nothing for a way of saying it that mails do not use. */
function read(said: string): Rgb | null {
  const value = said.trim().toLowerCase();
  const parts = /^rgba?\(\s*(\d+)[\s,]+(\d+)[\s,]+(\d+)\s*\)$/.exec(value);
  if (parts) return parts.slice(1).map((part) => Math.min(255, Number(part))) as Rgb;
  const short = /^#([0-9a-f])([0-9a-f])([0-9a-f])$/.exec(value);
  if (short)
    return parse(
      `#${short
        .slice(1)
        .map((digit) => digit + digit)
        .join("")}`,
    );
  return parse(NAMED[value] ?? value);
}

/** How far the parts of a colour lie apart: a gray has hardly any hue. */
const hue = (rgb: Rgb) => Math.max(...rgb) - Math.min(...rgb);

/** White, or so nearly white that it stands for paper and not for design. */
const isPaper = (rgb: Rgb) => Math.min(...rgb) >= 240;

/** A message as it stands on dark paper; nothing where it brings paper of its own, and stays on white. */
export function onDarkPaper(html: string): string | null {
  const page = new DOMParser().parseFromString(html, "text/html");
  for (const { style } of page.querySelectorAll<HTMLElement>("[style]")) {
    const behind = style.backgroundColor;
    if (!NONE.test(behind.toLowerCase())) {
      const colour = read(behind);
      if (!colour || !isPaper(colour)) return null;
      style.removeProperty("background-color");
    }
    const words = style.color;
    if (NONE.test(words.toLowerCase())) continue;
    const colour = read(words);
    if (!colour) return null;
    if (hue(colour) < 24) style.removeProperty("color");
    else style.setProperty("color", hex(lightened(colour, DARK)));
  }
  return page.querySelector("[bgcolor], [background], font[color]") ? null : page.body.innerHTML;
}
