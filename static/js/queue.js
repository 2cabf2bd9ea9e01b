// Uploads: a row for each picture, a request for each row, three at a time.

import { reasonAgainst } from "./checking.js";
import { byId, say, text } from "./page.js";
import { send } from "./sending.js";

const AT_ONCE = 3;

// A row waits, runs, or is refused; once uploaded, the server's own row takes its place.
const files = new Map();
const waiting = [];
const running = new Map();
const tally = { all: 0, done: 0, refused: 0 };

const listeners = [];
export const onProgress = (listener) => listeners.push(listener);
const tell = () => {
  const busy = running.size + waiting.length;
  const state = busy ? "busy" : tally.refused ? "refused" : tally.done ? "done" : "idle";
  byId("retry-all").hidden = tally.refused < 2;
  // Only while there is something to lose: browsers keep no page for Back that listens to this.
  (busy ? addEventListener : removeEventListener)("beforeunload", warnOfLoss);
  for (const listener of listeners) listener(state, { ...tally, running: busy });
};
const warnOfLoss = (event) => event.preventDefault();

const part = (row, selector) => row.querySelector(selector);
const action = (row, name) => part(row, `[data-act="${name}"]`);

const setState = (row, sentence, refused = false) => {
  row.classList.toggle("refused", refused);
  action(row, "cancel").hidden = refused;
  action(row, "retry").hidden = action(row, "dismiss").hidden = !refused;
  const state = part(row, ".state");
  // Before the words, so that they are read out.
  if (refused) state.setAttribute("role", "alert");
  else state.removeAttribute("role");
  state.textContent = sentence;
};

export const add = (chosen) => {
  // A new round: what is done is counted anew, what was refused can still be tried again.
  if (!running.size && !waiting.length) Object.assign(tally, { all: tally.refused, done: 0 });
  for (const file of chosen) {
    const row = byId("pending").content.cloneNode(true).firstElementChild;
    part(row, "bdi").textContent = file.name;
    for (const named of row.querySelectorAll("progress, button")) named.ariaLabel = `${named.ariaLabel ?? named.textContent}: ${file.name}`;
    byId("queue").append(row);
    files.set(row, file);
    tally.all += 1;
    enqueue(row);
  }
};

const enqueue = (row) => {
  setState(row, text("waiting"));
  part(row, "progress").value = 0;
  waiting.push(row);
  startNext();
};

const startNext = () => {
  while (running.size < AT_ONCE && waiting.length) start(waiting.shift());
  tell();
};

const start = async (row) => {
  const place = {};
  running.set(row, place);
  const file = files.get(row);
  const reason = await reasonAgainst(file);
  // Else it was canceled meanwhile.
  if (running.get(row) !== place) return;
  if (reason) {
    refuse(row, reason);
    return;
  }
  preview(row, file);
  place.request = send(file, {
    progressed: (share) => show(row, share),
    done: (answer) => finish(row, answer),
    refused: (sentence) => refuse(row, sentence),
  });
};

const show = (row, share) => {
  part(row, "progress").value = 100 * share;
  setState(row, share < 1 ? text("sending", { percent: Math.floor(100 * share) }) : text("checking"));
};

const finish = (row, answer) => {
  running.delete(row);
  tally.done += 1;
  say(text("uploaded", { name: files.get(row).name }));
  files.delete(row);
  htmx.swap(row, answer.responseText, { swapStyle: "outerHTML" });
  htmx.trigger("body", answer.getResponseHeader("HX-Trigger"));
  startNext();
};

const preview = (row, file) => {
  const image = part(row, "img");
  if (image.src) return;
  image.onload = image.onerror = () => URL.revokeObjectURL(image.src);
  image.src = URL.createObjectURL(file);
  image.hidden = false;
};

const refuse = (row, sentence) => {
  running.get(row)?.request?.abort();
  running.delete(row);
  tally.refused += 1;
  setState(row, sentence, true);
  startNext();
};

const actions = {
  cancel(row) {
    if (waiting.includes(row)) waiting.splice(waiting.indexOf(row), 1);
    refuse(row, text("canceled"));
    action(row, "retry").focus();
  },
  retry(row) {
    tally.refused -= 1;
    enqueue(row);
    action(row, "cancel").focus();
  },
  dismiss(row) {
    const next = row.nextElementSibling ?? row.previousElementSibling;
    tally.refused -= 1;
    tally.all -= 1;
    files.delete(row);
    row.remove();
    (next?.querySelector("button:not([hidden]), a") ?? byId("file"))?.focus();
    tell();
  },
};

export const runQueue = () => {
  byId("queue").addEventListener("click", (event) => {
    const name = event.target.closest("[data-act]")?.dataset.act;
    if (name) actions[name](event.target.closest(".upload"));
  });
  addEventListener("offline", () => {
    for (const row of running.keys()) refuse(row, text("unreachable"));
  });
  byId("retry-all").addEventListener("click", () => {
    for (const row of byId("queue").querySelectorAll(".refused")) actions.retry(row);
  });
};
