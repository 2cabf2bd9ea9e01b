// The list of images: kept for the next visit, and brought up to date after changes in this window, in others of
// this browser, and elsewhere; but never while somebody is about to do something with it.

import { byId, isFocusLost, localiseTimes, settings } from "./page.js";
import { forgetUpload } from "./recent.js";
import { keep, recall } from "./store.js";

const NAME = "list";
const SECONDS_BETWEEN_LOOKS = 15;

// Of this release and language only: another one's markup may not fit.
const kind = `${settings.release}:${document.documentElement.lang}`;
const channel = "BroadcastChannel" in globalThis ? new BroadcastChannel("imagehost") : null;

let due = false;
let looking = false;
let timer = null;
// What gets the focus next, and whether something in the list has it.
let wanted = null;
let hadFocus = false;

// Who can write to this browser's storage can run scripts here anyway: what is kept there is trusted as they are.
export const keptList = () => {
  const { kind: itsKind, html } = recall(NAME, {});
  return itsKind === kind && typeof html === "string" ? html : null;
};

const keepList = () => {
  const images = byId("images");
  if (images?.dataset.page === "1") keep(NAME, { kind, etag: images.dataset.etag, html: images.outerHTML });
};

// Tells a look that nobody asked for from what somebody waits for.
export const isLook = (event) => event.detail.requestConfig?.elt.id === "images";

const isBusy = () => document.querySelector("dialog[open], .confirm[open]");

// Asks whether the list changed, which costs a 304 where it did not; later, if now is no good moment.
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

// Where the focus goes once a row is gone: to the next one, else the one before, else the heading.
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
  // What is gone already is taken off as well; that it was gone is told above the list.
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
  // What was changed without a script is told to the other windows by the first list that shows it.
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
  // A question was answered, or a picture looked at for long enough.
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
