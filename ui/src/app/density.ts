// How much fits on a screen: comfortable or dense, kept per browser.
export type Density = "comfortable" | "dense";

const CHOSEN = "mainstay-density";

export function density(): Density {
  return localStorage.getItem(CHOSEN) === "dense" ? "dense" : "comfortable";
}

export function applyDensity(chosen: Density = density()): void {
  localStorage.setItem(CHOSEN, chosen);
  document.documentElement.dataset.density = chosen;
}
