// The settings and texts from the server, in <meta name="imagehost">, and functions that the scripts share.

/** @type {PageSettings} */
export const settings = JSON.parse(/** @type {HTMLMetaElement} */ (document.querySelector('meta[name="imagehost"]')).content);

/**
 * Returns the element with an id.
 * @type {GetById}
 */
export const byId = (/** @type {string} */ id) => /** @type {any} */ (document.getElementById(id));

/**
 * Returns the first element below a root that matches. There must be one.
 * @type {Find}
 */
export const find = (/** @type {ParentNode} */ root, /** @type {string} */ selector) => /** @type {any} */ (root.querySelector(selector));

/**
 * Returns the element of an event, or the nearest one around it, that matches.
 * @param {Event} event
 * @param {string} selector
 * @returns {HTMLElement | null}
 */
export const closest = ({ target }, selector) => (target instanceof Element ? target.closest(selector) : null);

/**
 * Returns a text in the visitor's language, in which {names} are replaced.
 * @param {string} key
 * @param {Record<string, string | number>} [values]
 * @returns {string}
 */
export const text = (key, values = {}) =>
  settings.texts[key].replace(/\{(\w+)\}/g, (whole, name) => String(values[name] ?? whole));

/**
 * Lets screen readers read out a sentence when they are idle.
 * @param {string} sentence
 */
export const announce = (sentence) => {
  // They repeat a sentence only if the text changes in between.
  byId("status").textContent = "";
  setTimeout(() => { byId("status").textContent = sentence; }, 50);
};

/**
 * Tells whether the focused element was removed, or can no longer have the focus.
 * @returns {boolean}
 */
export const isFocusLost = () => {
  const active = /** @type {HTMLButtonElement} */ (document.activeElement);
  return active === document.body || active.disabled || Boolean(active.hidden);
};

/**
 * Tells whether a click opens its link in this window: with a modifier key, links open in another tab or window.
 * @param {MouseEvent} event
 * @returns {boolean}
 */
export const isPlainClick = ({ button, altKey, ctrlKey, metaKey, shiftKey }) => !(button || altKey || ctrlKey || metaKey || shiftKey);

/** Shows times in the visitor's time zone. */
export const localizeTimes = () => {
  const format = new Intl.DateTimeFormat(document.documentElement.lang, { dateStyle: "medium", timeStyle: "short" });
  const localize = (/** @type {ParentNode} */ root) => {
    /** @type {NodeListOf<HTMLTimeElement>} */
    const times = root.querySelectorAll("time[datetime]");
    for (const time of times) time.textContent = format.format(new Date(time.dateTime));
  };
  localize(document);
  document.addEventListener("htmx:load", (event) => localize(event.detail.elt));
};
