// Where pictures come from: dropped, pasted, or chosen; and what the place for them shows.

import { byId, text } from "./page.js";
import { add, onProgress } from "./queue.js";

let state = "idle";
let numbers = {};
let depth = 0;

const showState = () => {
  const drop = byId("drop");
  if (drop) {
    drop.dataset.state = depth ? "over" : state;
    const words = text(drop.dataset.state, numbers);
    if (byId("drop-state").textContent !== words) byId("drop-state").textContent = words;
  }
  byId("running").hidden = !numbers.running;
  byId("running").textContent = numbers.running || "";
};

const take = (files) => {
  if (!files.length) return;
  add(files);
  // Rows are on the tab Upload.
  if (!byId("upload")) byId("tab-upload").click();
};

const carriesFiles = (event) => event.dataTransfer?.types.includes("Files");

// Chooses as many as one likes; without scripts the form takes one.
const prepare = () => {
  const input = byId("file");
  if (input) input.multiple = true;
  showState();
};

export const takePictures = () => {
  prepare();
  document.addEventListener("htmx:afterSettle", prepare);
  document.addEventListener("htmx:historyRestore", prepare);
  onProgress((newState, newNumbers) => {
    [state, numbers] = [newState, newNumbers];
    showState();
  });
  document.addEventListener("change", (event) => {
    if (event.target.id !== "file") return;
    take([...event.target.files]);
    // The same one may be chosen again.
    event.target.value = "";
  });
  document.addEventListener("submit", (event) => {
    if (event.target.id === "drop") event.preventDefault();
  });
  document.addEventListener("paste", (event) => take([...(event.clipboardData?.files ?? [])]));
  // Anywhere on the page: beside the field, the browser would open the picture instead.
  const follow = (change) => (event) => {
    if (!carriesFiles(event)) return;
    event.preventDefault();
    change(event);
    showState();
  };
  document.addEventListener("dragenter", follow(() => { depth += 1; }));
  document.addEventListener("dragleave", follow(() => { depth = Math.max(0, depth - 1); }));
  document.addEventListener("dragover", follow((event) => { event.dataTransfer.dropEffect = "copy"; }));
  document.addEventListener("drop", follow((event) => {
    depth = 0;
    take([...event.dataTransfer.files]);
  }));
};
