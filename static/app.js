// What works without a script works without this one; it makes uploading, copying and looking pleasant.

import { showAlerts } from "./js/alerts.js";
import { confirmDeletions } from "./js/confirming.js";
import { offerCopies, showKind } from "./js/copying.js";
import { takePictures } from "./js/dropping.js";
import { enlargePictures } from "./js/lightbox.js";
import { byId, say, text } from "./js/page.js";
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
showAlerts();
confirmDeletions();
enlargePictures();

byId("forget").addEventListener("click", () => {
  forget();
  forgetTheme();
  forgetUploads();
  showKind(document, "link");
  say(text("forgotten"));
});
