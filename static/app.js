// The pages work without scripts. The scripts make uploading, copying and viewing easier.

import { showAlerts } from "./js/alerts.js";
import { confirmDeletions } from "./js/confirming.js";
import { offerCopies } from "./js/copying.js";
import { takePictures } from "./js/dropping.js";
import { offerToForget } from "./js/forgetting.js";
import { enlargePictures } from "./js/lightbox.js";
import { lookAfterList } from "./js/list.js";
import { runQueue } from "./js/queue.js";
import { showRecent } from "./js/recent.js";
import { forgetOlderForms } from "./js/store.js";
import { switchTabs } from "./js/tabs.js";
import { followTheme } from "./js/theme.js";

// Without htmx, links and forms work by themselves. The scripts would only block them.
if (!globalThis.htmx) throw new Error("htmx did not load");

forgetOlderForms();
lookAfterList();
switchTabs();
followTheme();
offerCopies();
showRecent();
runQueue();
takePictures();
showAlerts();
confirmDeletions();
enlargePictures();
offerToForget();
