// Colours as numbers: how well one can be read on another, and what makes it readable.

export type Rgb = [number, number, number];

/** The parts of `#rrggbb`, each from 0 to 255; nothing for any other text. */
export function parse(colour: string): Rgb | null {
  const found = /^#([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})$/i.exec(colour);
  if (!found) return null;
  const [red, green, blue] = found.slice(1).map((part) => Number.parseInt(part, 16));
  return [red ?? 0, green ?? 0, blue ?? 0];
}

/** Relative luminance, by WCAG 2.2. */
function luminance(rgb: Rgb): number {
  const [red = 0, green = 0, blue = 0] = rgb.map((part) => {
    const share = part / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

/** The contrast of two colours from 1 to 21, by WCAG 2.2. */
export function contrast(one: Rgb, other: Rgb): number {
  const [light, dark] = [luminance(one), luminance(other)].sort((a, b) => b - a) as [number, number];
  return (light + 0.05) / (dark + 0.05);
}

export const WHITE: Rgb = [255, 255, 255];
/** The contrast that text needs, by WCAG AA. */
export const ENOUGH = 4.5;

/** The same hue, darkened until white text on it can be read; nothing for what is no colour. */
export function readable(colour: string): string | null {
  let rgb = parse(colour);
  if (!rgb) return null;
  while (contrast(rgb, WHITE) < ENOUGH) rgb = rgb.map((part) => Math.floor(part * 0.95)) as Rgb;
  return hex(rgb);
}

/** The same hue, lightened until it can be read as text on something dark. */
export function lightened(colour: Rgb, dark: Rgb): Rgb {
  let rgb = colour;
  while (contrast(rgb, dark) < ENOUGH) rgb = rgb.map((part) => Math.ceil(part + (255 - part) * 0.06)) as Rgb;
  return rgb;
}

/** A colour as `#rrggbb`. */
export function hex(rgb: Rgb): string {
  return `#${rgb.map((part) => part.toString(16).padStart(2, "0")).join("")}`;
}
