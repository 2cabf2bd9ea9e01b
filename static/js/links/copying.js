// Links to copy, in the kind that was used last, with a message about the result.

import { announce, byId, closest, find, text } from "../core/page.js";
import { onWrittenElsewhere, read, write } from "../core/store.js";

const SECONDS_OF_RESULT = 2;

/**
 * The timer of each button that shows a result.
 * @type {WeakMap<Element, number>}
 */
const timers = new WeakMap();

/**
 * @param {ParentNode} root
 * @param {string} kind
 * @returns {NodeListOf<HTMLInputElement>}
 */
const radios = (root, kind) => root.querySelectorAll(`.kinds input[value="${CSS.escape(kind)}"]`);

const pattern = (/** @type {string} */ kind) => radios(document, kind)[0]?.dataset.pattern ?? "{url}";

/**
 * Writes the links below an element in a kind, and selects that kind: by default, the one that was used last.
 * @param {ParentNode} root
 */
export const showKind = (root, kind = read("kind", "link")) => {
  for (const radio of radios(root, kind)) radio.checked = true;
  /** @type {NodeListOf<HTMLInputElement>} */
  const inputs = root.querySelectorAll("input[data-url]");
  for (const input of inputs) input.value = pattern(kind).replace("{url}", input.dataset.url ?? "");
};

// Plain-http hosts, for example home servers, have no navigator.clipboard: there the selected text is copied.
const copy = async (/** @type {HTMLInputElement} */ input) => {
  input.select();
  try {
    await navigator.clipboard.writeText(input.value);
    return true;
  } catch {
    return document.execCommand("copy");
  }
};

const showResult = (/** @type {HTMLElement} */ button, /** @type {boolean} */ done) => {
  const label = find(button, "span");
  button.dataset.label ??= label.textContent;
  label.textContent = text(done ? "copied" : "selected");
  button.toggleAttribute("data-done", done);
  announce(text(done ? "copiedStatus" : "selectedStatus"));
  clearTimeout(timers.get(button));
  timers.set(button, setTimeout(() => {
    label.textContent = button.dataset.label ?? "";
    button.removeAttribute("data-done");
  }, SECONDS_OF_RESULT * 1000));
};

const copyFor = async (/** @type {HTMLElement} */ button) => {
  const { copy: id = "", kind } = button.dataset;
  if (kind) write("kind", kind);
  const input = /** @type {HTMLInputElement} */ (byId(id));
  const done = await copy(input);
  showResult(button, done);
  // If the copy was refused, the text stays selected, so that the visitor can press Ctrl+C.
  (done ? button : input).focus();
};

/** Makes links ready to be copied, in all kinds. */
export const offerCopies = () => {
  showKind(document);
  onWrittenElsewhere("kind", () => showKind(document));
  // After an upload without scripts, the page opens with the link focused. Only a script can select its text.
  /** @type {HTMLInputElement | null} */ (document.querySelector(".link input[autofocus]"))?.select();
  document.addEventListener("htmx:load", (event) => showKind(event.detail.elt));
  document.addEventListener("change", (event) => {
    if (!closest(event, ".kinds")) return;
    write("kind", /** @type {HTMLInputElement} */ (event.target).value);
    showKind(document);
  });
  document.addEventListener("click", (event) => {
    const button = closest(event, "[data-copy]");
    if (button) copyFor(button);
    else /** @type {HTMLInputElement | null} */ (closest(event, ".link input"))?.select();
  });
};
