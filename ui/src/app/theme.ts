// One type scale, one spacing scale, one calm colour. Everything that is drawn takes its measures from here.
import { Badge, createTheme, Drawer, type MantineColorsTuple, Menu, Modal, Paper, Table, Tooltip } from "@mantine/core";

/** Deep water: links, the primary button, what is selected. Shade 8 on white and white on shade 8 pass WCAG AA. */
const harbor: MantineColorsTuple = [
  "#e9f7f9",
  "#d6edf1",
  "#abdae3",
  "#7cc6d4",
  "#56b5c7",
  "#3eabc0",
  "#2d9eb3",
  "#1a8395",
  "#0b6e7f",
  "#00525f",
];

/** Surfaces and lines of the dark scheme, cool like the rest. */
const dark: MantineColorsTuple = [
  "#e4ebee",
  "#c3cfd4",
  "#9fb0b8",
  "#7b8d96",
  "#3a4b54",
  "#2b3a42",
  "#1d292f",
  "#172126",
  "#10181c",
  "#0b1114",
];

/** The title of what lies over the screen, in the size of a third heading. */
const overlayTitle = { title: { fontSize: "var(--mantine-h3-font-size)", fontWeight: 620 } };

export const theme = createTheme({
  primaryColor: "harbor",
  primaryShade: { light: 8, dark: 8 },
  colors: { harbor, dark },
  fontFamily: "'Inter Variable', system-ui, -apple-system, 'Segoe UI', sans-serif",
  fontFamilyMonospace: "ui-monospace, 'SF Mono', Menlo, Consolas, monospace",
  fontSizes: { xs: "0.75rem", sm: "0.8125rem", md: "0.875rem", lg: "1rem", xl: "1.25rem" },
  lineHeights: { xs: "1.35", sm: "1.4", md: "1.5", lg: "1.5", xl: "1.35" },
  spacing: { xs: "0.5rem", sm: "0.75rem", md: "1rem", lg: "1.5rem", xl: "2rem" },
  radius: { xs: "0.1875rem", sm: "0.3125rem", md: "0.5rem", lg: "0.75rem", xl: "1rem" },
  defaultRadius: "sm",
  headings: {
    fontWeight: "620",
    sizes: {
      h1: { fontSize: "1.375rem", lineHeight: "1.3" },
      h2: { fontSize: "1.125rem", lineHeight: "1.35" },
      h3: { fontSize: "1rem", lineHeight: "1.4" },
      h4: { fontSize: "0.875rem", lineHeight: "1.45" },
    },
  },
  cursorType: "pointer",
  focusRing: "auto",
  respectReducedMotion: true,
  components: {
    Badge: Badge.extend({ defaultProps: { radius: "sm", tt: "none", fw: 550 } }),
    Drawer: Drawer.extend({ styles: overlayTitle }),
    Menu: Menu.extend({ defaultProps: { withInitialFocusPlaceholder: false } }),
    Modal: Modal.extend({
      defaultProps: { centered: true, overlayProps: { backgroundOpacity: 0.45 } },
      styles: overlayTitle,
    }),
    Paper: Paper.extend({ defaultProps: { radius: "md" } }),
    Table: Table.extend({ defaultProps: { verticalSpacing: "var(--ms-cell)", horizontalSpacing: "sm" } }),
    Tooltip: Tooltip.extend({ defaultProps: { openDelay: 400, withArrow: true } }),
  },
});
