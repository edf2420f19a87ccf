// How much fits on a screen: comfortable or dense, kept per browser.
export type Density = "comfortable" | "dense";

const CHOSEN = "mainstay-density";

export function density(): Density {
  return localStorage.getItem(CHOSEN) === "dense" ? "dense" : "comfortable";
}

const heights = new Map<string | undefined, number>();

/** The height of a row as the density wants it, in pixels. To ask the style while one scrolls would lay out the page anew. */
export function rowHeight(): number {
  const { density } = document.documentElement.dataset;
  const known = heights.get(density);
  if (known) return known;
  const said = getComputedStyle(document.documentElement).getPropertyValue("--ms-row");
  const height = Number.parseFloat(said || "3.25") * 16;
  heights.set(density, height);
  return height;
}

export function applyDensity(chosen: Density = density()): void {
  localStorage.setItem(CHOSEN, chosen);
  document.documentElement.dataset.density = chosen;
}
