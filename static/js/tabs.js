// The two tabs: switched at once by what is here already, and then brought up to date.

import { keptList, look } from "./list.js";
import { byId, isFocusLost, isPlainClick, say } from "./page.js";

const link = (tab) => byId(`tab-${tab}`);
const contents = { upload: () => byId("upload-tab").innerHTML, images: keptList };

const markCurrent = () => {
  for (const tab of document.querySelectorAll(".tabs a")) {
    if (tab.pathname === location.pathname) tab.setAttribute("aria-current", "page");
    else tab.removeAttribute("aria-current");
  }
};

const arrive = () => {
  markCurrent();
  say(document.title);
  // What had the focus is gone; a tab that was pressed still has it.
  if (isFocusLost()) document.querySelector("h1[tabindex]")?.focus({ preventScroll: true });
};

// Shows a tab by what is here; tells whether it could.
const show = (tab) => {
  const html = contents[tab]?.();
  if (!html) return false;
  // An answer that is under way belongs to where one was before.
  htmx.trigger("#tab", "htmx:abort");
  htmx.swap("#tab", html, { swapStyle: "innerHTML" });
  document.title = link(tab).dataset.title;
  if (tab === "images") look();
  return true;
};

// Switches to a tab as its link does. To which Back leads, htmx knows by its own mark.
const enter = (tab) => {
  if (!show(tab)) return false;
  if (!history.state?.tab) history.replaceState({ htmx: true }, "");
  if (location.href !== link(tab).href) history.pushState({ tab }, "", link(tab).href);
  scrollTo(0, 0);
  arrive();
  return true;
};

export const goToUploads = () => {
  if (!byId("upload")) enter("upload");
};

const goBack = ({ state }) => {
  if (state?.tab && !show(state.tab)) htmx.ajax("GET", location.href, { target: "#tab" });
  arrive();
};

export const switchTabs = () => {
  for (const tab of Object.keys(contents)) if (link(tab).href === location.href) history.replaceState({ tab }, "");
  // Of entries that have its mark htmx takes care itself, and hands the others on.
  window.onpopstate = goBack;
  addEventListener("popstate", () => document.querySelector("dialog[open]")?.close());
  document.addEventListener("click", (event) => {
    const tab = event.target.closest("a[data-tab]")?.dataset.tab;
    if (tab === "upload" && isPlainClick(event) && enter(tab)) event.preventDefault();
  });
  // Of images there may be none kept: then htmx asks for them.
  document.addEventListener("htmx:beforeRequest", (event) => {
    if (event.target === link("images") && enter("images")) event.preventDefault();
  });
  for (const name of ["htmx:pushedIntoHistory", "htmx:replacedInHistory", "htmx:historyRestore"]) {
    // Once the new title is there.
    document.addEventListener(name, () => setTimeout(arrive));
  }
};
