// Shows errors of requests at the top of the page, in the words of the answer.

import { byId, text } from "./page.js";

const messageIn = (/** @type {string} */ answer) => {
  try {
    return JSON.parse(answer).message;
  } catch {
    return new DOMParser().parseFromString(answer, "text/html").querySelector(".alert")?.textContent;
  }
};

/**
 * Returns the message of an answer: a fragment of ours, JSON of a proxy, or neither of these.
 * @param {XMLHttpRequest} answer
 * @returns {string}
 */
export const messageOf = ({ status, responseText }) => {
  if (!status) return text("unreachable");
  return messageIn(responseText)?.trim() || text("unexpected", { status });
};

const show = (/** @type {string} */ sentence) => {
  const alert = document.createElement("p");
  alert.className = "alert";
  alert.textContent = sentence;
  byId("alerts").replaceChildren(alert);
};

/**
 * Shows the errors of htmx's requests, but not of automatic checks: the next may succeed.
 * @param {(event: CustomEvent<HtmxRequest>) => boolean} isCheck
 */
export const showAlerts = (isCheck) => {
  // A new request removes the error of the last one.
  document.addEventListener("htmx:beforeRequest", (event) => {
    if (!isCheck(event)) byId("alerts").replaceChildren();
  });
  document.addEventListener("htmx:responseError", (event) => {
    if (!isCheck(event)) show(messageOf(event.detail.xhr));
  });
  // The server or the network failed, so there is no answer to show.
  document.addEventListener("htmx:sendError", (event) => {
    if (!isCheck(event)) show(text("unreachable"));
  });
  // htmx reports nothing if the network fails during Back or Forward.
  document.addEventListener("htmx:historyCacheMiss", (event) => {
    event.detail.xhr.addEventListener("error", () => show(text("unreachable")));
  });
  document.addEventListener("htmx:historyCacheMissLoadError", (event) => show(messageOf(event.detail.xhr)));
};
