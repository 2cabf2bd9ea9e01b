// Takes pictures that are dropped, pasted, or chosen, and shows the state of the drop area.

import { announce, byId, closest, find, text } from "../core/page.js";
import { add, onProgress } from "./queue.js";

const LONGEST_PAUSE = 2000;

/** @type {QueueState} */
let state = "idle";
/** @type {QueueNumbers} */
let numbers = { left: 0, done: 0, all: 0 };
let isOver = false;
let isOwnPicture = false;
/** @type {number | undefined} */
let pause;
let onTaken = () => {};

const showState = () => {
  const drop = byId("drop");
  if (drop) {
    const shown = isOver ? "over" : state;
    drop.dataset.state = shown;
    find(drop, "#drop-state").textContent = text(shown, { ...numbers });
  }
  byId("running").hidden = !numbers.left;
  byId("running").textContent = numbers.left ? String(numbers.left) : "";
};

const take = (/** @type {Iterable<File>} */ files) => {
  const pictures = [...files];
  if (!pictures.length) return;
  document.querySelector("dialog")?.close();
  add(pictures);
  onTaken();
};

const takeChosen = (/** @type {HTMLInputElement} */ input) => {
  take(input.files ?? []);
  // Otherwise, choosing the same file again would cause no event.
  input.value = "";
};

// Lets visitors choose several files. Without scripts, the form sends only one.
const prepare = () => {
  const input = byId("file");
  if (input) {
    input.multiple = true;
    // Files may have been chosen before this script ran.
    takeChosen(input);
  }
  showState();
};

const setOver = (/** @type {boolean} */ value) => {
  clearTimeout(pause);
  isOver = value;
  showState();
};

/**
 * Listens on the whole page: if a picture were dropped outside of the area, the browser would open it.
 * @param {"dragover" | "dragleave" | "drop"} name
 * @param {(transfer: DataTransfer, event: DragEvent) => void} handle
 */
const onDrag = (name, handle) => document.addEventListener(name, (event) => {
  if (isOwnPicture || !event.dataTransfer?.types.includes("Files")) return;
  event.preventDefault();
  handle(event.dataTransfer, event);
});

/**
 * Takes pictures into the queue of uploads.
 * @param {() => void} afterTaking shows the rows of the uploads
 */
export const takePictures = (afterTaking) => {
  onTaken = afterTaking;
  prepare();
  document.addEventListener("htmx:load", prepare);
  onProgress((newState, newNumbers) => {
    // While uploads run, their number changes too often for screen readers.
    if (newState !== state && ["done", "refused"].includes(newState)) announce(text(newState));
    [state, numbers] = [newState, newNumbers];
    showState();
  });
  document.addEventListener("change", (event) => {
    const input = byId("file");
    if (input && event.target === input) takeChosen(input);
  });
  document.addEventListener("submit", (event) => {
    if (closest(event, "#drop")) event.preventDefault();
  });
  document.addEventListener("paste", (event) => take(event.clipboardData?.files ?? []));
  // A picture that is dragged from this page is already uploaded.
  document.addEventListener("dragstart", () => { isOwnPicture = true; });
  document.addEventListener("dragend", () => { isOwnPicture = false; });
  onDrag("dragover", (transfer) => {
    transfer.dropEffect = "copy";
    setOver(true);
    // Browsers do not always send dragleave when the pointer leaves the window.
    pause = setTimeout(() => setOver(false), LONGEST_PAUSE);
  });
  onDrag("dragleave", (_, event) => {
    if (!event.relatedTarget) setOver(false);
  });
  onDrag("drop", ({ files }) => {
    setOver(false);
    take(files);
  });
};
