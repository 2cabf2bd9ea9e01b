// The request of one upload: its content, its progress, and its end.

import { settings, text, wordsOf } from "../core/page.js";

const SECONDS_OF_SILENCE = 60;

// Any other answer than our row comes from a proxy, for example a login page.
const isOurs = (request) => request.status === 200 && request.responseText.includes('class="upload done"');

// Returns the request. After an abort, no callback is called.
export const send = (file, { progressed, done, refused }) => {
  const request = new XMLHttpRequest();
  let timer;
  // The connection may be lost without an error: the browser itself would wait for minutes.
  const watch = () => {
    clearTimeout(timer);
    timer = setTimeout(() => refused(text("unreachable")), SECONDS_OF_SILENCE * 1000);
  };
  request.upload.onprogress = ({ loaded, total }) => {
    watch();
    progressed(loaded / total);
  };
  // All bytes are sent. The server may need longer for its answer than the limit above.
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
