// The last uploads of this browser. They are kept, and shown below the current uploads.

import { showKind } from "../links/copying.js";
import { byId } from "../core/page.js";
import { keep, onKeptElsewhere, recall } from "../core/store.js";

const MOST = 12;
const NAME = "recent";

// Returns the row of an upload: a copy of the server's template, with its values.
const element = ({ id, name, url, view_url, thumbnail_url }) => {
  const row = byId("kept").content.cloneNode(true).querySelector("li");
  row.id += id;
  for (const link of row.querySelectorAll("a")) link.href = view_url;
  row.querySelector("bdi").textContent = name;
  for (const named of row.querySelectorAll("[aria-label]")) named.ariaLabel = named.ariaLabel.replace("{name}", () => name);
  const [image, input, button] = ["img", "input", "button"].map((part) => row.querySelector(part));
  image.alt = image.alt.replace("{name}", () => name);
  image.src = thumbnail_url;
  input.id += id;
  input.dataset.url = url;
  button.dataset.copy = input.id;
  return row;
};

const describe = (row) => ({
  id: row.id.replace("uploaded-", ""),
  name: row.querySelector(".name").textContent,
  url: row.querySelector("input").dataset.url,
  view_url: row.querySelector("a").getAttribute("href"),
  thumbnail_url: row.querySelector("img").getAttribute("src"),
});

const isWhole = (upload) => ["id", "name", "url", "view_url", "thumbnail_url"].every((name) => typeof upload?.[name] === "string")
  && upload.view_url.startsWith("/");

const kept = () => {
  const uploads = recall(NAME, []);
  return Array.isArray(uploads) ? uploads.filter(isWhole).slice(0, MOST) : [];
};

const showBar = () => {
  byId("uploads-bar").hidden = !byId("uploads").querySelector(".upload");
};

const show = () => {
  const here = (id) => byId("queue").querySelector(`#uploaded-${CSS.escape(id)}`);
  byId("recent").replaceChildren(...kept().filter(({ id }) => !here(id)).map(element));
  showKind(byId("recent"));
  showBar();
};

// Removes a deleted image from the kept uploads and from the page.
export const forgetUpload = (id) => {
  if (kept().some((upload) => upload.id === id)) keep(NAME, kept().filter((upload) => upload.id !== id));
  byId(`uploaded-${id}`)?.remove();
  showBar();
};

export const forgetUploads = () => {
  byId("recent").replaceChildren();
  for (const row of byId("queue").querySelectorAll(".done")) row.remove();
  showBar();
};

// Removes uploads that were deleted elsewhere. They are checked one by one, since nobody waits for the result.
const lookAfter = async (uploads) => {
  for (const { id, view_url } of uploads) {
    const answer = await fetch(view_url, { method: "HEAD", priority: "low" }).catch(() => null);
    if (answer?.status === 404) forgetUpload(id);
  }
};

export const showRecent = () => {
  show();
  if (byId("upload")) lookAfter(kept());
  onKeptElsewhere(NAME, show);
  new MutationObserver(showBar).observe(byId("queue"), { childList: true });
  document.addEventListener("htmx:load", (event) => {
    const row = event.detail.elt;
    if (!row.matches("#queue > .done")) return;
    const upload = describe(row);
    keep(NAME, [upload, ...kept().filter(({ id }) => id !== upload.id)].slice(0, MOST));
  });
};
