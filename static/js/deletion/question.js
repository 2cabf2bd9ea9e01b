// The question before a deletion. Only one is open at a time. Cancel, Esc, and a click or focus elsewhere close it.

import { closest, find } from "../core/page.js";

const OPEN = "details.confirm[open]";

/** @returns {NodeListOf<HTMLDetailsElement>} */
const openQuestions = () => document.querySelectorAll(OPEN);

const close = (/** @type {HTMLDetailsElement} */ question, takesFocus = false) => {
  question.open = false;
  if (takesFocus) find(question, "summary").focus();
};

const closeOthers = (/** @type {Event} */ { target }) => {
  for (const question of openQuestions()) if (!question.contains(/** @type {Node} */ (target))) close(question);
};

/** Closes questions. Browsers open them by themselves. */
export const closeQuestions = () => {
  document.addEventListener("click", (event) => {
    const canceled = closest(event, '[data-act="keep"]')?.closest("details");
    if (canceled) close(canceled, true);
    closeOthers(event);
  });
  document.addEventListener("focusin", closeOthers);
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") for (const question of openQuestions()) close(question, true);
  });
};
