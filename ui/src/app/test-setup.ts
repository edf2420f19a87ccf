// What Mantine and the router ask of a browser and jsdom lacks.
import { vi } from "vitest";

Object.defineProperty(window, "matchMedia", {
  value: (query: string) => ({
    matches: false,
    media: query,
    addEventListener: vi.fn(),
    removeEventListener: vi.fn(),
    addListener: vi.fn(),
    removeListener: vi.fn(),
    dispatchEvent: vi.fn(),
  }),
});

class Observer {
  observe() {}
  unobserve() {}
  disconnect() {}
}
window.ResizeObserver = Observer;

Element.prototype.scrollIntoView = () => undefined;

// A field that grows with its text is measured again when the letters are there.
Object.defineProperty(document, "fonts", { value: new EventTarget() });
