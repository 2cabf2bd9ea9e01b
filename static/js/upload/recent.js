// The last uploads of this browser. They are kept, and shown below the current uploads.

import { byId, find } from "../core/page.js";
import { onWrittenElsewhere, read, write } from "../core/store.js";

const MOST = 12;
const NAME = "recent";

let onShow = (/** @type {ParentNode} */ _) => {};

// Returns the row of an upload: a copy of the server's template, with its values.
const element = (/** @type {KeptUpload} */ { id, name, url, view_url, thumbnail_url }) => {
  const row = find(document.importNode(byId("kept").content, true), "li");
  row.id += id;
  for (const link of row.querySelectorAll("a")) link.href = view_url;
  find(row, "bdi").textContent = name;
  for (const named of row.querySelectorAll("[aria-label]")) named.ariaLabel = (named.ariaLabel ?? "").replace("{name}", () => name);
  const [image, input, button] = [find(row, "img"), find(row, "input"), find(row, "button")];
  image.alt = image.alt.replace("{name}", () => name);
  image.src = thumbnail_url;
  input.id += id;
  input.dataset.url = url;
  button.dataset.copy = input.id;
  return row;
};

const describe = (/** @type {HTMLElement} */ row) => ({
  id: row.id.replace("uploaded-", ""),
  name: find(row, ".name").textContent,
  url: find(row, "input").dataset.url,
  view_url: find(row, "a").getAttribute("href"),
  thumbnail_url: find(row, "img").getAttribute("src"),
});

const isWhole = (/** @type {any} */ upload) => ["id", "name", "url", "view_url", "thumbnail_url"].every((name) => typeof upload?.[name] === "string")
  && upload.view_url.startsWith("/");

/** @returns {KeptUpload[]} */
const kept = () => {
  const uploads = read(NAME, /** @type {KeptUpload[]} */ ([]));
  return Array.isArray(uploads) ? uploads.filter(isWhole).slice(0, MOST) : [];
};

const showBar = () => {
  byId("uploads-bar").hidden = !byId("uploads").querySelector(".upload");
};

const show = () => {
  const here = (/** @type {string} */ id) => byId("queue").querySelector(`#uploaded-${CSS.escape(id)}`);
  byId("recent").replaceChildren(...kept().filter(({ id }) => !here(id)).map(element));
  onShow(byId("recent"));
  showBar();
};

/**
 * Removes a deleted image from the kept uploads and from the page.
 * @param {string} id
 */
export const removeUpload = (id) => {
  if (kept().some((upload) => upload.id === id)) write(NAME, kept().filter((upload) => upload.id !== id));
  byId(`uploaded-${id}`)?.remove();
  showBar();
};

/** Removes the rows of all uploads that have ended. */
export const removeRows = () => {
  byId("recent").replaceChildren();
  for (const row of byId("queue").querySelectorAll(".done")) row.remove();
  showBar();
};

// Removes uploads that were deleted elsewhere. They are checked one by one, since nobody waits for the result.
const removeDeleted = async (/** @type {KeptUpload[]} */ uploads) => {
  for (const { id, view_url } of uploads) {
    const answer = await fetch(view_url, { method: "HEAD", priority: "low" }).catch(() => null);
    if (answer?.status === 404) removeUpload(id);
  }
};

/**
 * Shows the last uploads, and keeps further ones.
 * @param {(root: ParentNode) => void} afterShowing prepares the links in the rows
 */
export const showRecent = (afterShowing) => {
  onShow = afterShowing;
  show();
  if (byId("upload")) removeDeleted(kept());
  onWrittenElsewhere(NAME, show);
  new MutationObserver(showBar).observe(byId("queue"), { childList: true });
  document.addEventListener("htmx:load", (event) => {
    const row = event.detail.elt;
    if (!row.matches("#queue > .done")) return;
    const upload = describe(row);
    write(NAME, [upload, ...kept().filter(({ id }) => id !== upload.id)].slice(0, MOST));
  });
};
