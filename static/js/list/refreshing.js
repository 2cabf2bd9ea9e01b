// The list of images. It is kept for the next visit, and updated after changes in this window, in other windows of
// this browser, and elsewhere, but not while a dialog or a question is open.

import { byId, isFocusLost, settings } from "../core/page.js";
import { read, write } from "../core/store.js";

const NAME = "list";
const SECONDS_BETWEEN_CHECKS = 15;

// A list is used only in the same release and language: other markup may not fit.
const kind = `${settings.release}:${document.documentElement.lang}`;
const channel = "BroadcastChannel" in globalThis ? new BroadcastChannel("imagehost") : null;

let isDue = false;
let isChecking = false;
/** @type {number | undefined} */
let timer;
// The id of the element that gets the focus next, and whether an element of the list had the focus.
let idToFocus = "";
let hadFocus = false;
let onDeleted = (/** @type {string} */ _) => {};

/** @returns {KeptList} */
const readKept = () => read(NAME, {});

/**
 * Returns the HTML of the kept list, or null.
 * @returns {string | null}
 */
export const keptList = () => {
  // Anyone who can write to this browser's storage can run scripts here anyway, so its HTML is trusted like scripts.
  const { kind: itsKind, html } = readKept();
  return itsKind === kind && typeof html === "string" ? html : null;
};

const keepList = () => {
  const images = byId("images");
  if (images?.dataset.page === "1") write(NAME, { kind, etag: images.dataset.etag, html: images.outerHTML });
};

/**
 * Tells whether a request is an automatic check of the list, for which no visitor waits.
 * @param {CustomEvent<HtmxRequest>} event
 * @returns {boolean}
 */
export const isCheck = ({ detail }) => detail.requestConfig?.elt.id === "images";

const isBusy = () => document.querySelector("dialog[open], .confirm[open]");

/** Requests the list if it has changed (otherwise, the answer is 304), or later if a dialog or a question is open. */
export const check = () => {
  isDue = true;
  checkIfFree();
};

const checkIfFree = () => {
  if (isDue && !isChecking && !isBusy() && byId("images")) htmx.trigger("#images", "images-changed");
};

const checkWhileVisible = () => {
  clearInterval(timer);
  if (!document.hidden) timer = setInterval(check, SECONDS_BETWEEN_CHECKS * 1000);
};

// Returns the id to focus after a row is removed: in the next row, else the one before, else the heading.
const neighbour = (/** @type {HTMLElement} */ row) => (row.nextElementSibling ?? row.previousElementSibling)?.querySelector("summary")?.id ?? "images-title";

/** Returns the row of the image that a request deletes, or null if the request does not delete. */
const deletedRow = (/** @type {HtmxRequest} */ { requestConfig }) =>
  (requestConfig?.verb === "delete" ? requestConfig.elt.closest("tr") : null);

const reportDeletion = (/** @type {HTMLElement} */ row) => {
  idToFocus = neighbour(row);
  const id = row.id.replace("image-", "");
  onDeleted(id);
  channel?.postMessage({ deleted: id });
};

const watchSwaps = () => {
  document.addEventListener("htmx:configRequest", (event) => {
    const { elt, headers } = event.detail;
    if (elt.id === "images") headers["If-None-Match"] = elt.dataset.etag;
  });
  document.addEventListener("htmx:beforeSwap", (event) => {
    const row = deletedRow(event.detail);
    if (row && !event.detail.isError) reportDeletion(row);
    hadFocus = Boolean(byId("images")?.contains(document.activeElement));
    if (isCheck(event) && isBusy()) {
      event.detail.shouldSwap = false;
      isDue = true;
    }
  });
  // A row whose image was deleted before is removed too. The message above the list says that it was deleted.
  document.addEventListener("htmx:responseError", (event) => {
    const row = deletedRow(event.detail);
    if (!row || event.detail.xhr.status !== 404) return;
    reportDeletion(row);
    row.remove();
    check();
  });
  document.addEventListener("htmx:afterSettle", (event) => {
    if (idToFocus) (byId(idToFocus) ?? byId("images-title"))?.focus();
    else if (hadFocus && isFocusLost()) byId("images-title")?.focus({ preventScroll: isCheck(event) });
    if (isCheck(event)) idToFocus = "";
    hadFocus = false;
  });
  document.addEventListener("htmx:beforeRequest", (event) => {
    if (!isCheck(event)) return;
    isDue = false;
    isChecking = true;
  });
  document.addEventListener("htmx:afterRequest", (event) => {
    if (isCheck(event)) isChecking = false;
    checkIfFree();
  });
};

/**
 * Keeps the list, and updates it after changes.
 * @param {(id: string) => void} afterDeletion removes a deleted image from the rest of the page
 */
export const refreshList = (afterDeletion) => {
  onDeleted = afterDeletion;
  const images = byId("images");
  // After a change without scripts, the first list that shows the change notifies the other windows.
  if (images?.dataset.page === "1" && readKept().etag !== images.dataset.etag) channel?.postMessage({});
  keepList();
  document.addEventListener("htmx:load", () => {
    keepList();
    checkIfFree();
  });
  watchSwaps();
  checkWhileVisible();
  document.addEventListener("visibilitychange", () => {
    checkWhileVisible();
    if (!document.hidden) check();
  });
  // A question or the lightbox was closed, so a delayed check can run.
  for (const name of ["toggle", "close"]) document.addEventListener(name, checkIfFree, true);
  document.addEventListener("image-deleted", check);
  document.addEventListener("image-uploaded", () => {
    channel?.postMessage({});
    check();
  });
  channel?.addEventListener("message", (event) => {
    if (event.data.deleted) onDeleted(event.data.deleted);
    check();
  });
};
