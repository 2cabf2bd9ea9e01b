// What is wrong with what was asked for stands on top of the page, in the words of whoever answered.

import { byId, text, wordsOf } from "./page.js";
import { isRefresh } from "./refreshing.js";

const alertOf = (sentence) => {
  const alert = document.createElement("p");
  alert.className = "alert";
  alert.textContent = sentence;
  return alert;
};

const warn = (sentence) => byId("alerts").replaceChildren(alertOf(sentence));

export const showAlerts = () => {
  // A new try takes away what was said of the last one.
  document.addEventListener("htmx:beforeRequest", (event) => {
    if (!isRefresh(event)) byId("alerts").replaceChildren();
  });
  // A proxy before us may answer in JSON or with a page of its own: its words are shown, not its markup.
  document.addEventListener("htmx:beforeSwap", (event) => {
    if (event.detail.isError) event.detail.serverResponse = alertOf(wordsOf(event.detail.xhr)).outerHTML;
  });
  // The server is gone, or the way to it: there is no answer to show.
  document.addEventListener("htmx:sendError", (event) => {
    if (!isRefresh(event)) warn(text("unreachable"));
  });
  document.addEventListener("htmx:historyCacheMissLoadError", () => warn(text("unreachable")));
};
