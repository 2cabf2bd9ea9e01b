// The settings and texts from the server, in <meta name="imagehost">, and functions that the scripts share.

export const settings = JSON.parse(document.querySelector('meta[name="imagehost"]').content);

export const byId = (id) => document.getElementById(id);

// Returns a text in the visitor's language. {names} in it are replaced.
export const text = (key, values = {}) =>
  settings.texts[key].replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);

// Screen readers read this out when they are idle. They repeat a sentence only if the text changes in between.
export const say = (sentence) => {
  byId("status").textContent = "";
  setTimeout(() => { byId("status").textContent = sentence; }, 50);
};

// Tells whether the focused element was removed, or can no longer have the focus.
export const isFocusLost = () => {
  const { activeElement } = document;
  return activeElement === document.body || activeElement.disabled || activeElement.hidden;
};

const messageIn = (answer) => {
  try {
    return JSON.parse(answer).message;
  } catch {
    return new DOMParser().parseFromString(answer, "text/html").querySelector(".alert")?.textContent;
  }
};

// Returns the message of an answer: a fragment of ours, JSON of a proxy, or neither of these.
export const wordsOf = ({ status, responseText }) => {
  if (!status) return text("unreachable");
  return messageIn(responseText)?.trim() || text("unexpected", { status });
};

// With a modifier key, links open in another tab or window.
export const isPlainClick = ({ button, altKey, ctrlKey, metaKey, shiftKey }) => !(button || altKey || ctrlKey || metaKey || shiftKey);

// Shows times in the visitor's time zone.
export const localiseTimes = (root) => {
  const format = new Intl.DateTimeFormat(document.documentElement.lang, { dateStyle: "medium", timeStyle: "short" });
  for (const time of root.querySelectorAll("time[datetime]")) time.textContent = format.format(new Date(time.dateTime));
};
