// The list of images. It is kept for the next visit, and updated after changes in this window, in other windows of
// this browser, and elsewhere, but not while a dialog or a question is open.

import { byId, isFocusLost, localiseTimes, settings } from "../core/page.js";
import { forgetUpload } from "../upload/recent.js";
import { keep, recall } from "../core/store.js";

const NAME = "list";
const SECONDS_BETWEEN_LOOKS = 15;

// A list is used only in the same release and language: other markup may not fit.
const kind = `${settings.release}:${document.documentElement.lang}`;
const channel = "BroadcastChannel" in globalThis ? new BroadcastChannel("imagehost") : null;

let due = false;
let looking = false;
let timer = null;
// The id of the element that gets the focus next, and whether an element of the list had the focus.
let wanted = null;
let hadFocus = false;

// Anyone who can write to this browser's storage can run scripts here anyway, so its HTML is trusted like scripts.
export const keptList = () => {
  const { kind: itsKind, html } = recall(NAME, {});
  return itsKind === kind && typeof html === "string" ? html : null;
};

const keepList = () => {
  const images = byId("images");
  if (images?.dataset.page === "1") keep(NAME, { kind, etag: images.dataset.etag, html: images.outerHTML });
};

// Tells whether a request is an automatic check of the list, for which no visitor waits.
export const isLook = (event) => event.detail.requestConfig?.elt.id === "images";

const isBusy = () => document.querySelector("dialog[open], .confirm[open]");

// Requests the list if it has changed (otherwise, the answer is 304), or later if a dialog or a question is open.
export const look = () => {
  due = true;
  lookIfFree();
};

const lookIfFree = () => {
  if (due && !looking && !isBusy() && byId("images")) htmx.trigger("#images", "images-changed");
};

const lookWhileVisible = () => {
  clearInterval(timer);
  if (!document.hidden) timer = setInterval(look, SECONDS_BETWEEN_LOOKS * 1000);
};

// Returns the id to focus after a row is removed: in the next row, else the one before, else the heading.
const neighbour = (row) => (row.nextElementSibling ?? row.previousElementSibling)?.querySelector("summary").id ?? "images-title";

const isDeletion = ({ detail: { requestConfig } }) => requestConfig?.verb === "delete";

const forgetRow = (row) => {
  wanted = neighbour(row);
  const id = row.id.replace("image-", "");
  forgetUpload(id);
  channel?.postMessage({ deleted: id });
};

const watchSwaps = () => {
  document.addEventListener("htmx:configRequest", (event) => {
    if (event.target.id === "images") event.detail.headers["If-None-Match"] = event.target.dataset.etag;
  });
  document.addEventListener("htmx:beforeSwap", (event) => {
    if (isDeletion(event) && !event.detail.isError) forgetRow(event.detail.requestConfig.elt.closest("tr"));
    hadFocus = byId("images")?.contains(document.activeElement);
    if (isLook(event) && isBusy()) {
      event.detail.shouldSwap = false;
      due = true;
    }
  });
  // A row whose image was deleted before is removed too. The message above the list says that it was deleted.
  document.addEventListener("htmx:responseError", (event) => {
    if (!isDeletion(event) || event.detail.xhr.status !== 404) return;
    const row = event.detail.requestConfig.elt.closest("tr");
    forgetRow(row);
    row.remove();
    look();
  });
  document.addEventListener("htmx:afterSettle", (event) => {
    if (wanted) (byId(wanted) ?? byId("images-title"))?.focus();
    else if (hadFocus && isFocusLost()) byId("images-title")?.focus({ preventScroll: isLook(event) });
    if (isLook(event)) wanted = null;
    hadFocus = false;
  });
  document.addEventListener("htmx:beforeRequest", (event) => {
    if (!isLook(event)) return;
    due = false;
    looking = true;
  });
  document.addEventListener("htmx:afterRequest", (event) => {
    if (isLook(event)) looking = false;
    lookIfFree();
  });
};

export const lookAfterList = () => {
  // After a change without scripts, the first list that shows the change notifies the other windows.
  if (byId("images")?.dataset.page === "1" && recall(NAME, {}).etag !== byId("images").dataset.etag) channel?.postMessage({});
  const arrive = (root) => {
    keepList();
    localiseTimes(root);
  };
  arrive(document);
  document.addEventListener("htmx:load", (event) => {
    arrive(event.detail.elt);
    lookIfFree();
  });
  watchSwaps();
  lookWhileVisible();
  document.addEventListener("visibilitychange", () => {
    lookWhileVisible();
    if (!document.hidden) look();
  });
  // A question or the lightbox was closed, so a delayed check can run.
  for (const name of ["toggle", "close"]) document.addEventListener(name, lookIfFree, true);
  document.addEventListener("image-deleted", look);
  document.addEventListener("image-uploaded", () => {
    channel?.postMessage({});
    look();
  });
  channel?.addEventListener("message", (event) => {
    if (event.data.deleted) forgetUpload(event.data.deleted);
    look();
  });
};
