// Light, dark, or as the system: js/first.js sets what was chosen before the first paint.

import { byId } from "./page.js";
import { keep, recall } from "./store.js";

const show = (theme) => {
  if (theme === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
  byId(`theme-${theme}`).checked = true;
};

export const followTheme = () => {
  const kept = recall("theme", "system");
  show(byId(`theme-${kept}`) ? kept : "system");
  byId("theme").addEventListener("change", (event) => {
    show(event.target.value);
    keep("theme", event.target.value);
  });
  // Another window of this browser chose.
  addEventListener("storage", () => show(recall("theme", "system")));
};

export const forgetTheme = () => show("system");
