// The two tabs. A click shows the content that the browser already has, which is then updated.

import { keptList, look } from "../list/refreshing.js";
import { byId, isFocusLost, isPlainClick, say } from "../core/page.js";

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
  // The focused element may have been removed. A tab that was clicked still has the focus.
  if (isFocusLost()) document.querySelector("h1[tabindex]")?.focus({ preventScroll: true });
};

// Shows a tab with the content that the browser already has. Returns false if it has none.
const show = (tab) => {
  const html = contents[tab]?.();
  if (!html) return false;
  // A pending answer belongs to the former content.
  htmx.trigger("#tab", "htmx:abort");
  htmx.swap("#tab", html, { swapStyle: "innerHTML" });
  document.title = link(tab).dataset.title;
  if (tab === "images") look();
  return true;
};

// Switches to a tab like its link. The former history entry gets htmx's mark, so that htmx handles Back to it.
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
  // htmx handles history entries with its mark itself, and passes the others to this function.
  window.onpopstate = goBack;
  addEventListener("popstate", () => document.querySelector("dialog[open]")?.close());
  document.addEventListener("click", (event) => {
    const tab = event.target.closest("a[data-tab]")?.dataset.tab;
    if (tab === "upload" && isPlainClick(event) && enter(tab)) event.preventDefault();
  });
  // If no list of images is kept, htmx requests it.
  document.addEventListener("htmx:beforeRequest", (event) => {
    if (event.target === link("images") && enter("images")) event.preventDefault();
  });
  for (const name of ["htmx:pushedIntoHistory", "htmx:replacedInHistory", "htmx:historyRestore"]) {
    // Wait until htmx has set the new title.
    document.addEventListener(name, () => setTimeout(arrive));
  }
};
