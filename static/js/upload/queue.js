// Uploads: a row for each picture, a request for each row, three at a time.

import { announce, byId, closest, find, isFocusLost, text } from "../core/page.js";
import { reasonAgainst } from "./checking.js";
import { send } from "./sending.js";

const AT_ONCE = 3;
// This many refusals are read out one by one. If there are more, only the fact is read out.
const MOST_READ_OUT = 3;

// A row waits, runs, or has ended (refused or canceled). After an upload, the server's row replaces it.
/** @type {Map<HTMLElement, File>} */
const files = new Map();
/** @type {Set<HTMLElement>} */
const waiting = new Set();
/** @type {Map<HTMLElement, { request?: XMLHttpRequest }>} */
const running = new Map();
/** @type {Set<HTMLElement>} */
const refused = new Set();
let done = 0;

/** @type {((state: QueueState, numbers: QueueNumbers) => void)[]} */
const listeners = [];

/**
 * Calls the listener when the number of running or ended uploads changes.
 * @param {(state: QueueState, numbers: QueueNumbers) => void} listener
 */
export const onProgress = (listener) => {
  listeners.push(listener);
};

const warnOfLoss = (/** @type {Event} */ event) => event.preventDefault();

const reportProgress = () => {
  const left = waiting.size + running.size;
  const state = left ? "busy" : refused.size ? "refused" : done ? "done" : "idle";
  byId("retry-all").hidden = refused.size < 2;
  // Listen only while uploads run: browsers do not keep a page with this listener for Back.
  (left ? addEventListener : removeEventListener)("beforeunload", warnOfLoss);
  for (const listener of listeners) listener(state, { left, done, all: done + left });
};

const action = (/** @type {HTMLElement} */ row, /** @type {string} */ name) => find(row, `[data-act="${name}"]`);

// Shows the state of a row, and the buttons for a row that has ended or not.
const setState = (/** @type {HTMLElement} */ row, /** @type {string} */ sentence, ended = false) => {
  const hadFocus = row.contains(document.activeElement);
  action(row, "cancel").hidden = ended;
  action(row, "retry").hidden = action(row, "dismiss").hidden = !ended;
  row.classList.toggle("ended", ended);
  row.classList.toggle("refused", refused.has(row));
  const state = find(row, ".state");
  // Set the role before the text, so that the text is read out.
  if (refused.has(row) && refused.size <= MOST_READ_OUT) state.setAttribute("role", "alert");
  else state.removeAttribute("role");
  state.textContent = sentence;
  if (hadFocus && isFocusLost()) action(row, ended ? "retry" : "cancel").focus();
};

const newRow = (/** @type {File} */ file) => {
  const row = find(document.importNode(byId("pending").content, true), "li");
  find(row, "bdi").textContent = file.name;
  for (const named of row.querySelectorAll("progress, button")) named.ariaLabel = `${named.ariaLabel ?? named.textContent}: ${file.name}`;
  files.set(row, file);
  return row;
};

/**
 * Uploads pictures, as soon as others have ended.
 * @param {File[]} chosen
 */
export const add = (chosen) => {
  if (!waiting.size && !running.size) done = 0;
  const rows = chosen.map(newRow);
  byId("queue").prepend(...rows);
  rows.forEach(enqueue);
};

const enqueue = (/** @type {HTMLElement} */ row) => {
  refused.delete(row);
  setState(row, text("waiting"));
  find(row, "progress").value = 0;
  waiting.add(row);
  startNext();
};

const startNext = () => {
  for (const row of waiting) {
    if (running.size >= AT_ONCE) break;
    waiting.delete(row);
    start(row);
  }
  reportProgress();
};

const start = async (/** @type {HTMLElement} */ row) => {
  /** @type {{ request?: XMLHttpRequest }} */
  const upload = {};
  running.set(row, upload);
  const file = /** @type {File} */ (files.get(row));
  const reason = await reasonAgainst(file);
  // The upload was canceled in the meantime.
  if (running.get(row) !== upload) return;
  if (reason) {
    refuse(row, reason);
    return;
  }
  preview(row, file);
  upload.request = send(file, {
    onProgress: (share) => show(row, share),
    onDone: (answer) => finish(row, answer),
    onRefused: (sentence) => refuse(row, sentence),
  });
};

const show = (/** @type {HTMLElement} */ row, /** @type {number} */ share) => {
  find(row, "progress").value = 100 * share;
  setState(row, share < 1 ? text("sending", { percent: Math.floor(100 * share) }) : text("checking"));
};

const preview = (/** @type {HTMLElement} */ row, /** @type {File} */ file) => {
  const image = find(row, "img");
  if (image.src) return;
  image.onload = image.onerror = () => URL.revokeObjectURL(image.src);
  image.src = URL.createObjectURL(file);
  image.hidden = false;
};

const finish = (/** @type {HTMLElement} */ row, /** @type {XMLHttpRequest} */ answer) => {
  const hadFocus = row.contains(document.activeElement);
  const next = row.nextElementSibling;
  running.delete(row);
  done += 1;
  announce(text("uploaded", { name: files.get(row)?.name ?? "" }));
  files.delete(row);
  htmx.swap(row, answer.responseText, { swapStyle: "outerHTML" });
  if (hadFocus) (next ? next.previousElementSibling : byId("queue").lastElementChild)?.querySelector("button")?.focus();
  htmx.trigger("body", answer.getResponseHeader("HX-Trigger"));
  startNext();
};

const stop = (/** @type {HTMLElement} */ row) => {
  waiting.delete(row);
  running.get(row)?.request?.abort();
  running.delete(row);
};

const refuse = (/** @type {HTMLElement} */ row, /** @type {string} */ sentence) => {
  stop(row);
  refused.add(row);
  setState(row, sentence, true);
  startNext();
};

/** @type {Record<string, (row: HTMLElement) => void>} */
const actions = {
  cancel(row) {
    stop(row);
    setState(row, text("canceled"), true);
    startNext();
  },
  retry: enqueue,
  dismiss(row) {
    const next = row.nextElementSibling ?? row.previousElementSibling;
    refused.delete(row);
    files.delete(row);
    row.remove();
    (next?.querySelector("button:not([hidden]), a") ?? byId("file"))?.focus();
    reportProgress();
  },
};

/** Connects the buttons of the queue. */
export const runQueue = () => {
  byId("queue").addEventListener("click", (event) => {
    const name = closest(event, "[data-act]")?.dataset.act;
    const row = closest(event, ".upload");
    // The second click of a double click would press the button that has just appeared.
    if (name && row && event.detail < 2) actions[name](row);
  });
  byId("retry-all").addEventListener("click", () => {
    for (const row of [...refused].filter((it) => it.isConnected)) enqueue(row);
  });
  addEventListener("offline", () => {
    for (const row of [...running.keys()]) refuse(row, text("unreachable"));
  });
};
