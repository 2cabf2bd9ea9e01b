// The two tabs. A click shows the content that the browser already has, which is then updated.

import { announce, byId, closest, isFocusLost, isPlainClick } from "../core/page.js";

/** @type {Partial<Record<string, TabContent>>} */
let contents = {};

const link = (/** @type {string} */ tab) => /** @type {HTMLAnchorElement} */ (byId(`tab-${tab}`));

const markCurrent = () => {
  /** @type {NodeListOf<HTMLAnchorElement>} */
  const tabs = document.querySelectorAll(".tabs a");
  for (const tab of tabs) {
    if (tab.pathname === location.pathname) tab.setAttribute("aria-current", "page");
    else tab.removeAttribute("aria-current");
  }
};

const announcePage = () => {
  markCurrent();
  announce(document.title);
  // The focused element may have been removed. A tab that was clicked still has the focus.
  if (isFocusLost()) document.querySelector("h1[tabindex]")?.focus({ preventScroll: true });
};

// Shows a tab with the content that the browser already has. Returns false if it has none.
const show = (/** @type {string} */ tab) => {
  const content = contents[tab];
  const html = content?.html();
  if (!html) return false;
  // A pending answer belongs to the former content.
  htmx.trigger("#tab", "htmx:abort");
  htmx.swap("#tab", html, { swapStyle: "innerHTML" });
  document.title = link(tab).dataset.title ?? "";
  content?.onShow?.();
  return true;
};

// Switches to a tab like its link. The former history entry gets htmx's mark, so that htmx handles Back to it.
const open = (/** @type {string} */ tab) => {
  if (!show(tab)) return false;
  if (!history.state?.tab) history.replaceState({ htmx: true }, "");
  if (location.href !== link(tab).href) history.pushState({ tab }, "", link(tab).href);
  scrollTo(0, 0);
  announcePage();
  return true;
};

/** Opens the tab that shows the rows of uploads, if it is not open. */
export const openUploads = () => {
  if (!byId("upload")) open("upload");
};

const goBack = (/** @type {PopStateEvent} */ { state }) => {
  if (state?.tab && !show(state.tab)) htmx.ajax("GET", location.href, { target: "#tab" });
  announcePage();
};

/**
 * Switches tabs without a request, if the browser has their content.
 * @param {Record<TabName, TabContent>} tabs
 */
export const switchTabs = (tabs) => {
  contents = tabs;
  for (const tab of Object.keys(contents)) if (link(tab).href === location.href) history.replaceState({ tab }, "");
  // htmx handles history entries with its mark itself, and passes the others to this function.
  window.onpopstate = goBack;
  addEventListener("popstate", () => document.querySelector("dialog")?.close());
  document.addEventListener("click", (event) => {
    const tab = closest(event, "a[data-tab]")?.dataset.tab;
    if (tab === "upload" && isPlainClick(event) && open(tab)) event.preventDefault();
  });
  // If no list of images is kept, htmx requests it.
  document.addEventListener("htmx:beforeRequest", (event) => {
    if (event.target === link("images") && open("images")) event.preventDefault();
  });
  for (const name of ["htmx:pushedIntoHistory", "htmx:replacedInHistory", "htmx:historyRestore"]) {
    // Wait until htmx has set the new title.
    document.addEventListener(name, () => setTimeout(announcePage));
  }
};
