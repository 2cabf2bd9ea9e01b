// The data that this browser keeps between visits. If the storage is full or forbidden, only the page keeps it.

// The number is raised when the format of the data changes. Data with another number is removed.
const PREFIX = "imagehost:1:";
const LONGEST = 100_000;

/**
 * Data that could not be stored. It is kept until the page is closed.
 * @type {Map<string, string>}
 */
const unkept = new Map();

/**
 * Returns a kept value, or the other one. Visitors can change the storage, so check the value.
 * @template T
 * @param {string} name
 * @param {T} otherwise
 * @returns {T}
 */
export const read = (name, otherwise) => {
  try {
    return JSON.parse(unkept.get(name) ?? localStorage.getItem(PREFIX + name) ?? "null") ?? otherwise;
  } catch {
    return otherwise;
  }
};

/**
 * Keeps a value.
 * @param {string} name
 * @param {unknown} value
 */
export const write = (name, value) => {
  const json = JSON.stringify(value);
  if (json.length > LONGEST) return;
  try {
    localStorage.setItem(PREFIX + name, json);
    unkept.delete(name);
  } catch {
    unkept.set(name, json);
  }
};

/**
 * Calls the listener when another window of this browser keeps this value, or clears all data.
 * @param {string} name
 * @param {() => void} listener
 */
export const onWrittenElsewhere = (name, listener) => addEventListener("storage", ({ key }) => {
  if (key === PREFIX + name || key === null) listener();
});

const remove = (/** @type {(key: string) => boolean} */ isOld) => {
  try {
    for (const key of Object.keys(localStorage)) if (key.startsWith("imagehost:") && isOld(key)) localStorage.removeItem(key);
  } catch {
    // Storage is forbidden, so it has no data.
  }
};

/** Removes all data. */
export const clear = () => {
  unkept.clear();
  remove(() => true);
};

/** Removes data in the formats of earlier versions. */
export const removeOldFormats = () => remove((key) => !key.startsWith(PREFIX));
