// The pages work without scripts. The scripts make uploading, copying and viewing easier. Features do not import each
// other: what one needs from another is an argument here.

import { showAlerts } from "./js/core/alerts.js";
import { byId, localizeTimes } from "./js/core/page.js";
import { removeOldFormats } from "./js/core/store.js";
import { closeQuestions } from "./js/deletion/question.js";
import { offerCopies, showKind } from "./js/links/copying.js";
import { enlargePictures } from "./js/list/lightbox.js";
import { check, isCheck, keptList, refreshList } from "./js/list/refreshing.js";
import { offerClearing } from "./js/preferences/clearing.js";
import { offerThemes, showTheme } from "./js/preferences/theme.js";
import { openUploads, switchTabs } from "./js/tabs/switching.js";
import { takePictures } from "./js/upload/dropping.js";
import { runQueue } from "./js/upload/queue.js";
import { removeRows, removeUpload, showRecent } from "./js/upload/recent.js";

// Without htmx, links and forms work by themselves. The scripts would only block them.
if (!globalThis.htmx) throw new Error("htmx did not load");

removeOldFormats();
refreshList(removeUpload);
// After the list was kept, since it is kept as the server sent it.
localizeTimes();
switchTabs({
  upload: { html: () => byId("upload-tab").innerHTML },
  images: { html: keptList, onShow: check },
});
offerThemes();
offerCopies();
showRecent(showKind);
runQueue();
takePictures(openUploads);
showAlerts(isCheck);
closeQuestions();
enlargePictures();
offerClearing(() => {
  showTheme();
  showKind(document);
  removeRows();
});
