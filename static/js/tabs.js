// The two tabs: which is current, and the list of images that is painted before the server has answered.

import { byId, localiseTimes, settings } from "./page.js";
import { keep, recall } from "./store.js";

const NAME = "list";

// Of this release and language only: another one's markup may not fit.
const kind = `${settings.release}:${document.documentElement.lang}`;

const markCurrent = () => {
  for (const tab of document.querySelectorAll(".tabs a")) {
    if (new URL(tab.href).pathname === location.pathname) tab.setAttribute("aria-current", "page");
    else tab.removeAttribute("aria-current");
  }
};

// Keeps the first page as it came.
const keepList = () => {
  const images = byId("images");
  if (images?.dataset.page === "1") keep(NAME, { kind, html: images.outerHTML });
};

let covered = null;

const paintList = () => {
  const kept = recall(NAME, null);
  if (kept?.kind !== kind || typeof kept.html !== "string" || byId("images")) return;
  covered = [...byId("tab").childNodes];
  byId("tab").innerHTML = kept.html;
  htmx.process(byId("tab"));
};

// Where no answer came, what was there before comes back.
const uncover = (answered) => {
  if (covered && !answered) byId("tab").replaceChildren(...covered);
  covered = null;
};

export const switchTabs = () => {
  keepList();
  localiseTimes(document);
  document.addEventListener("htmx:beforeRequest", (event) => {
    if (event.target.id === "tab-images") paintList();
  });
  document.addEventListener("htmx:afterRequest", (event) => {
    if (event.target.id === "tab-images") uncover(event.detail.successful);
  });
  document.addEventListener("htmx:load", (event) => {
    keepList();
    localiseTimes(event.detail.elt);
  });
  document.addEventListener("htmx:pushedIntoHistory", markCurrent);
  document.addEventListener("htmx:replacedInHistory", markCurrent);
  document.addEventListener("htmx:historyRestore", () => {
    markCurrent();
    localiseTimes(document);
  });
};
