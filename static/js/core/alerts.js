// Shows errors of requests at the top of the page, in the words of the answer.

import { isLook } from "../list/refreshing.js";
import { byId, text, wordsOf } from "./page.js";

const warn = (sentence) => {
  const alert = document.createElement("p");
  alert.className = "alert";
  alert.textContent = sentence;
  byId("alerts").replaceChildren(alert);
};

export const showAlerts = () => {
  // A new request removes the error of the last one. Errors of automatic checks are ignored: the next may succeed.
  document.addEventListener("htmx:beforeRequest", (event) => {
    if (!isLook(event)) byId("alerts").replaceChildren();
  });
  document.addEventListener("htmx:responseError", (event) => {
    if (!isLook(event)) warn(wordsOf(event.detail.xhr));
  });
  // The server or the network failed, so there is no answer to show.
  document.addEventListener("htmx:sendError", (event) => {
    if (!isLook(event)) warn(text("unreachable"));
  });
  // htmx reports nothing if the network fails during Back or Forward.
  document.addEventListener("htmx:historyCacheMiss", (event) => {
    event.detail.xhr.addEventListener("error", () => warn(text("unreachable")));
  });
  document.addEventListener("htmx:historyCacheMissLoadError", (event) => warn(wordsOf(event.detail.xhr)));
};
