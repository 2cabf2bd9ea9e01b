// What works without a script works without this one; it makes uploading, copying and looking pleasant.

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

// Without it the page is one of links and forms; what these scripts would catch would go nowhere.
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
