// The theme: light, dark, or the system's. before-paint.js sets the chosen one before the first paint.

import { byId } from "../core/page.js";
import { onWrittenElsewhere, read, write } from "../core/store.js";

const show = (/** @type {string} */ theme) => {
  const { dataset } = document.documentElement;
  const known = byId(`theme-${theme}`) ? theme : "system";
  /** @type {HTMLInputElement} */ (byId(`theme-${known}`)).checked = true;
  if (known === "system") delete dataset.theme;
  else dataset.theme = known;
  /**
   * The colours of the browser's bars: one element for each theme of the system.
   * @type {NodeListOf<HTMLMetaElement>}
   */
  const bars = document.querySelectorAll('meta[name="theme-color"]');
  for (const bar of bars) bar.content = bar.dataset[(known === "system" ? bar.dataset.theme : known) ?? ""] ?? "";
};

/** Shows the kept theme; without one, the system's. */
export const showTheme = () => show(read("theme", "system"));

/** Lets visitors choose the theme, and follows choices in other windows. */
export const offerThemes = () => {
  showTheme();
  onWrittenElsewhere("theme", showTheme);
  byId("theme").addEventListener("change", (event) => {
    const { value } = /** @type {HTMLInputElement} */ (event.target);
    show(value);
    write("theme", value);
  });
};
