// Where pictures come from: dropped, pasted, or chosen; and what the place for them shows.

import { byId, say, text } from "./page.js";
import { add, onProgress } from "./queue.js";
import { goToUploads } from "./tabs.js";

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
  // Where their rows are.
  goToUploads();
};

const takeChosen = (input) => {
  take([...input.files]);
  // The same one may be chosen again.
  input.value = "";
};

// Chooses as many as one likes; without scripts the form takes one.
const prepare = () => {
  const input = byId("file");
  if (input) {
    input.multiple = true;
    // Chosen before this script was there.
    takeChosen(input);
  }
  showState();
};

const setOver = (isOver) => {
  clearTimeout(pause);
  over = isOver;
  showState();
};

// Anywhere on the page: beside the field, the browser would open the picture instead.
const onDrag = (name, handle) => document.addEventListener(name, (event) => {
  if (isOwnPicture || !event.dataTransfer?.types.includes("Files")) return;
  event.preventDefault();
  handle(event);
});

export const takePictures = () => {
  prepare();
  document.addEventListener("htmx:load", prepare);
  onProgress((newState, newNumbers) => {
    // While uploads run, their number changes too often to be read out.
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
  // A picture of this page that is dragged is one that is here already.
  document.addEventListener("dragstart", () => { isOwnPicture = true; });
  document.addEventListener("dragend", () => { isOwnPicture = false; });
  onDrag("dragover", (event) => {
    event.dataTransfer.dropEffect = "copy";
    setOver(true);
    // Not every way out of the window is told by dragleave.
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
