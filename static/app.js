// The pages work without scripts. The scripts make uploading, copying and viewing easier.

import { showAlerts } from "./js/core/alerts.js";
import { confirmDeletions } from "./js/deletion/question.js";
import { offerCopies } from "./js/links/copying.js";
import { takePictures } from "./js/upload/dropping.js";
import { offerToForget } from "./js/preferences/clearing.js";
import { enlargePictures } from "./js/list/lightbox.js";
import { lookAfterList } from "./js/list/refreshing.js";
import { runQueue } from "./js/upload/queue.js";
import { showRecent } from "./js/upload/recent.js";
import { forgetOlderForms } from "./js/core/store.js";
import { switchTabs } from "./js/tabs/switching.js";
import { followTheme } from "./js/preferences/theme.js";

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
