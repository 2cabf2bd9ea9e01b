// The theme: light, dark, or the system's. before-paint.js sets the chosen one before the first paint.

import { byId } from "../core/page.js";
import { keep, onKeptElsewhere, recall } from "../core/store.js";

const show = (theme) => {
  const known = byId(`theme-${theme}`) ? theme : "system";
  byId(`theme-${known}`).checked = true;
  if (known === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = known;
  // The colours of the browser's bars: one element for each theme of the system.
  for (const bar of document.querySelectorAll('meta[name="theme-color"]')) {
    bar.content = bar.dataset[known === "system" ? bar.dataset.theme : known];
  }
};

const showKept = () => show(recall("theme", "system"));

export const followTheme = () => {
  showKept();
  onKeptElsewhere("theme", showKept);
  byId("theme").addEventListener("change", (event) => {
    show(event.target.value);
    keep("theme", event.target.value);
  });
};

export const forgetTheme = () => show("system");
