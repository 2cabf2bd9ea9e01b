// Links to copy, in the kind that was used last, with a message about the result.

import { byId, say, text } from "../core/page.js";
import { keep, onKeptElsewhere, recall } from "../core/store.js";

const SECONDS_OF_THANKS = 2;

const radios = (root, kind) => root.querySelectorAll(`.kinds input${kind ? `[value="${CSS.escape(kind)}"]` : ""}`);

const pattern = (kind) => radios(document, kind)[0]?.dataset.pattern ?? "{url}";

// Writes the links below an element in the kind that was used last, and selects that kind.
export const showKind = (root, kind = recall("kind", "link")) => {
  for (const radio of radios(root, kind)) radio.checked = true;
  for (const input of root.querySelectorAll("input[data-url]")) input.value = pattern(kind).replace("{url}", input.dataset.url);
};

// Plain-http hosts, for example home servers, have no navigator.clipboard: there the selected text is copied.
const copy = async (input) => {
  input.select();
  try {
    await navigator.clipboard.writeText(input.value);
    return true;
  } catch {
    return document.execCommand("copy");
  }
};

const thank = (button, done) => {
  const label = button.querySelector("span");
  button.dataset.label ??= label.textContent;
  label.textContent = text(done ? "copied" : "selected");
  button.toggleAttribute("data-done", done);
  say(text(done ? "copiedStatus" : "selectedStatus"));
  clearTimeout(button.thanks);
  button.thanks = setTimeout(() => {
    label.textContent = button.dataset.label;
    button.removeAttribute("data-done");
  }, SECONDS_OF_THANKS * 1000);
};

export const offerCopies = () => {
  showKind(document);
  onKeptElsewhere("kind", () => showKind(document));
  // After an upload without scripts, the page opens with the link focused. Only a script can select its text.
  document.querySelector(".link input[autofocus]")?.select();
  document.addEventListener("htmx:load", (event) => showKind(event.detail.elt));
  document.addEventListener("change", (event) => {
    if (!event.target.closest(".kinds")) return;
    keep("kind", event.target.value);
    showKind(document);
  });
  document.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-copy]");
    if (!button) {
      if (event.target.matches(".link input")) event.target.select();
      return;
    }
    if (button.dataset.kind) keep("kind", button.dataset.kind);
    const input = byId(button.dataset.copy);
    const done = await copy(input);
    thank(button, done);
    // If the copy was refused, the text stays selected, so that the visitor can press Ctrl+C.
    if (done) button.focus();
    else input.focus();
  });
};
