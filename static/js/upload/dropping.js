// Takes pictures that are dropped, pasted, or chosen, and shows the state of the drop area.

import { byId, say, text } from "../core/page.js";
import { add, onProgress } from "./queue.js";
import { goToUploads } from "../tabs/switching.js";

const LONGEST_PAUSE = 2000;

let state = "idle";
let numbers = {};
let over = false;
let pause = null;
let isOwnPicture = false;

const showState = () => {
  const drop = byId("drop");
  if (drop) {
    drop.dataset.state = over ? "over" : state;
    byId("drop-state").textContent = text(drop.dataset.state, numbers);
  }
  byId("running").hidden = !numbers.left;
  byId("running").textContent = numbers.left || "";
};

const take = (files) => {
  if (!files.length) return;
  document.querySelector("dialog[open]")?.close();
  add(files);
  // This tab shows the rows of the uploads.
  goToUploads();
};

const takeChosen = (input) => {
  take([...input.files]);
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

const setOver = (isOver) => {
  clearTimeout(pause);
  over = isOver;
  showState();
};

// Listen on the whole page: if a picture were dropped outside of the area, the browser would open it.
const onDrag = (name, handle) => document.addEventListener(name, (event) => {
  if (isOwnPicture || !event.dataTransfer?.types.includes("Files")) return;
  event.preventDefault();
  handle(event);
});

export const takePictures = () => {
  prepare();
  document.addEventListener("htmx:load", prepare);
  onProgress((newState, newNumbers) => {
    // While uploads run, their number changes too often for screen readers.
    if (newState !== state && ["done", "refused"].includes(newState)) say(text(newState));
    [state, numbers] = [newState, newNumbers];
    showState();
  });
  document.addEventListener("change", (event) => {
    if (event.target.id === "file") takeChosen(event.target);
  });
  document.addEventListener("submit", (event) => {
    if (event.target.id === "drop") event.preventDefault();
  });
  document.addEventListener("paste", (event) => take([...(event.clipboardData?.files ?? [])]));
  // A picture that is dragged from this page is already uploaded.
  document.addEventListener("dragstart", () => { isOwnPicture = true; });
  document.addEventListener("dragend", () => { isOwnPicture = false; });
  onDrag("dragover", (event) => {
    event.dataTransfer.dropEffect = "copy";
    setOver(true);
    // Browsers do not always send dragleave when the pointer leaves the window.
    pause = setTimeout(() => setOver(false), LONGEST_PAUSE);
  });
  onDrag("dragleave", (event) => {
    if (!event.relatedTarget) setOver(false);
  });
  onDrag("drop", (event) => {
    setOver(false);
    take([...event.dataTransfer.files]);
  });
};
