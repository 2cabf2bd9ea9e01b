// What the server tells the scripts in <meta name="imagehost">, and where they speak.

export const settings = JSON.parse(document.querySelector('meta[name="imagehost"]').content);

export const byId = (id) => document.getElementById(id);

// A text in the visitor's language; {names} in it are filled in.
export const text = (key, values = {}) =>
  settings.texts[key].replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);

// Screen readers read this out when they come to it. Saying the same again needs a change in between.
export const say = (sentence) => {
  byId("status").textContent = "";
  setTimeout(() => { byId("status").textContent = sentence; }, 50);
};

// Tells whether what had the focus went away, or can no longer have it.
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

// What an answer says, whoever gave it: a fragment of ours, JSON of a proxy, or something that is neither.
export const wordsOf = ({ status, responseText }) => {
  if (!status) return text("unreachable");
  return messageIn(responseText)?.trim() || text("unexpected", { status });
};

// With a key held, links open elsewhere.
export const isPlainClick = ({ button, altKey, ctrlKey, metaKey, shiftKey }) => !(button || altKey || ctrlKey || metaKey || shiftKey);

// Shows times as the visitor's clock does.
export const localiseTimes = (root) => {
  const format = new Intl.DateTimeFormat(document.documentElement.lang, { dateStyle: "medium", timeStyle: "short" });
  for (const time of root.querySelectorAll("time[datetime]")) time.textContent = format.format(new Date(time.dateTime));
};
