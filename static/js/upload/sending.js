// The request of one upload: its content, its progress, and its end.

import { messageOf } from "../core/alerts.js";
import { settings, text } from "../core/page.js";

const SECONDS_OF_SILENCE = 60;

// Any other answer than our row comes from a proxy, for example a login page.
const isOurs = (/** @type {XMLHttpRequest} */ { status, responseText }) => status === 200 && responseText.includes('class="upload done"');

/**
 * Sends a file. After an abort of the request, no listener is called.
 * @param {File} file
 * @param {SendingListeners} listeners
 * @returns {XMLHttpRequest}
 */
export const send = (file, { onProgress, onDone, onRefused }) => {
  const request = new XMLHttpRequest();
  /** @type {number | undefined} */
  let timer;
  // The connection may be lost without an error: the browser itself would wait for minutes.
  const watch = () => {
    clearTimeout(timer);
    timer = setTimeout(() => onRefused(text("unreachable")), SECONDS_OF_SILENCE * 1000);
  };
  request.upload.onprogress = ({ loaded, total }) => {
    watch();
    onProgress(loaded / total);
  };
  // All bytes are sent. The server may need longer for its answer than the limit above.
  request.upload.onload = () => clearTimeout(timer);
  request.onload = () => (isOurs(request) ? onDone(request) : onRefused(messageOf(request)));
  request.onerror = () => onRefused(text("unreachable"));
  request.onloadend = () => clearTimeout(timer);
  request.open("POST", settings.uploadUrl);
  request.setRequestHeader("HX-Request", "true");
  const form = new FormData();
  form.append("file", file);
  watch();
  request.send(form);
  return request;
};
