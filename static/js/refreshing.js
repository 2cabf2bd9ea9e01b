// The list of images is brought up to date: after changes in this window, in others of this browser, and elsewhere.

import { byId } from "./page.js";
import { forgetUpload } from "./recent.js";

const SECONDS_BETWEEN_LOOKS = 15;
const channel = "BroadcastChannel" in globalThis ? new BroadcastChannel("imagehost") : null;

let wanted = null;
let hadFocus = false;
let timer = null;

const isBusy = () => document.querySelector("dialog[open], .confirm[open]");

// Asks whether the list changed, which costs a 304 where it did not.
const look = () => {
  if (byId("images") && !isBusy()) htmx.trigger("#images", "images-changed");
};

const lookWhileVisible = () => {
  clearInterval(timer);
  if (document.hidden) return;
  timer = setInterval(look, SECONDS_BETWEEN_LOOKS * 1000);
};

// Where the focus goes once a row is gone: to the next one, else the one before, else the heading.
const neighbour = (row) => (row.nextElementSibling ?? row.previousElementSibling)?.querySelector("summary").id ?? "images-title";

const focusWanted = () => {
  if (!wanted) return;
  (byId(wanted) ?? byId("images-title"))?.focus();
};

const deletedRow = (event) => {
  const { verb, elt } = event.detail.requestConfig;
  return verb === "delete" && !event.detail.isError ? elt.closest("tr") : null;
};

// Tells a look that nobody asked for from what somebody waits for.
export const isRefresh = (event) => event.detail.requestConfig?.elt.id === "images";

export const refreshList = () => {
  lookWhileVisible();
  document.addEventListener("visibilitychange", () => {
    lookWhileVisible();
    if (!document.hidden) look();
  });
  document.addEventListener("htmx:configRequest", (event) => {
    if (event.target.id === "images") event.detail.headers["If-None-Match"] = event.target.dataset.etag;
  });
  document.addEventListener("htmx:beforeSwap", (event) => {
    const row = deletedRow(event);
    if (row) {
      wanted = neighbour(row);
      const id = row.id.replace("image-", "");
      forgetUpload(id);
      channel?.postMessage({ deleted: id });
    }
    hadFocus = byId("images")?.contains(document.activeElement);
    // What is wrong while nobody asked for anything is no news; the next look may find it mended.
    if (isRefresh(event) && event.detail.isError) event.detail.shouldSwap = false;
  });
  document.addEventListener("htmx:afterSettle", (event) => {
    focusWanted();
    if (isRefresh(event)) wanted = null;
    // What had it is gone: the arrow to a next page on the last one, say.
    if (hadFocus && document.activeElement === document.body) byId("images-title")?.focus({ preventScroll: isRefresh(event) });
    hadFocus = false;
  });
  document.addEventListener("image-uploaded", () => channel?.postMessage({}));
  channel?.addEventListener("message", (event) => {
    if (event.data.deleted) forgetUpload(event.data.deleted);
    look();
  });
};
