// What is wrong with what was asked for stands on top of the page, in the words of whoever answered.

import { isLook } from "./list.js";
import { byId, text, wordsOf } from "./page.js";

const warn = (sentence) => {
  const alert = document.createElement("p");
  alert.className = "alert";
  alert.textContent = sentence;
  byId("alerts").replaceChildren(alert);
};

export const showAlerts = () => {
  // A new try takes away what was said of the last one. What is wrong with a look is no news: the next may be right.
  document.addEventListener("htmx:beforeRequest", (event) => {
    if (!isLook(event)) byId("alerts").replaceChildren();
  });
  document.addEventListener("htmx:responseError", (event) => {
    if (!isLook(event)) warn(wordsOf(event.detail.xhr));
  });
  // The server is gone, or the way to it: there is no answer to show.
  document.addEventListener("htmx:sendError", (event) => {
    if (!isLook(event)) warn(text("unreachable"));
  });
  // Of a way back that is cut htmx says nothing.
  document.addEventListener("htmx:historyCacheMiss", (event) => {
    event.detail.xhr.addEventListener("error", () => warn(text("unreachable")));
  });
  document.addEventListener("htmx:historyCacheMissLoadError", (event) => warn(wordsOf(event.detail.xhr)));
};
