// One upload's request: what is sent, how far it is, and how it ends.

import { settings, text, wordsOf } from "./page.js";

const SECONDS_OF_SILENCE = 60;

// Anything else than our own row is some proxy's: a page to log in, for instance.
const isOurs = (request) => request.status === 200 && request.responseText.includes('class="upload done"');

// Gives the request; whoever aborts it hears no more of it.
export const send = (file, { progressed, done, refused }) => {
  const request = new XMLHttpRequest();
  let timer;
  // A way that was cut without a word: the browser itself would wait for minutes.
  const watch = () => {
    clearTimeout(timer);
    timer = setTimeout(() => refused(text("unreachable")), SECONDS_OF_SILENCE * 1000);
  };
  request.upload.onprogress = ({ loaded, total }) => {
    watch();
    progressed(loaded / total);
  };
  // From here on it is the server that takes its time.
  request.upload.onload = () => clearTimeout(timer);
  request.onload = () => (isOurs(request) ? done(request) : refused(wordsOf(request)));
  request.onerror = () => refused(text("unreachable"));
  request.onloadend = () => clearTimeout(timer);
  request.open("POST", settings.uploadUrl);
  request.setRequestHeader("HX-Request", "true");
  const form = new FormData();
  form.append("file", file);
  watch();
  request.send(form);
  return request;
};
