// What works without a script works without this one; it makes uploading, copying and looking pleasant.

import { confirmDeletions } from "./js/confirming.js";
import { offerCopies, showKind } from "./js/copying.js";
import { takePictures } from "./js/dropping.js";
import { enlargePictures } from "./js/lightbox.js";
import { byId, say, text, warn, wordsOf } from "./js/page.js";
import { runQueue } from "./js/queue.js";
import { forgetUploads, showRecent } from "./js/recent.js";
import { refreshList } from "./js/refreshing.js";
import { forget, forgetOlderForms } from "./js/store.js";
import { switchTabs } from "./js/tabs.js";
import { followTheme, forgetTheme } from "./js/theme.js";

forgetOlderForms();
switchTabs();
followTheme();
offerCopies();
showRecent();
runQueue();
takePictures();
refreshList();
confirmDeletions();
enlargePictures();

const isRefresh = (event) => event.detail.requestConfig.elt.id === "images";

// A new try takes away what was said of the last one.
document.addEventListener("htmx:beforeRequest", (event) => {
  if (!isRefresh(event)) byId("alerts").replaceChildren();
});

// A proxy before us may answer in JSON or in a page of its own: its words are shown, not its markup.
document.addEventListener("htmx:beforeSwap", (event) => {
  if (!event.detail.isError) return;
  const alert = document.createElement("p");
  alert.className = "alert";
  alert.textContent = wordsOf(event.detail.xhr);
  event.detail.serverResponse = alert.outerHTML;
});

// The server is gone, or the way to it: there is no answer to show.
document.addEventListener("htmx:sendError", (event) => {
  if (!isRefresh(event)) warn(text("unreachable"));
});
document.addEventListener("htmx:historyCacheMissLoadError", () => warn(text("unreachable")));

byId("forget").addEventListener("click", () => {
  forget();
  forgetTheme();
  forgetUploads();
  showKind(document, "link");
  say(text("forgotten"));
});
