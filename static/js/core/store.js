// The data that this browser keeps between visits. If the storage is full or forbidden, only the page keeps it.

// The number is raised when the format of the data changes. Data with another number is removed.
const PREFIX = "imagehost:1:";
const LONGEST = 100_000;

// Data that could not be stored. It is kept until the page is closed.
const unkept = new Map();

export const recall = (name, otherwise) => {
  try {
    return JSON.parse(unkept.get(name) ?? localStorage.getItem(PREFIX + name)) ?? otherwise;
  } catch {
    return otherwise;
  }
};

export const keep = (name, value) => {
  const json = JSON.stringify(value);
  if (json.length > LONGEST) return;
  try {
    localStorage.setItem(PREFIX + name, json);
    unkept.delete(name);
  } catch {
    unkept.set(name, json);
  }
};

// Calls the listener when another window of this browser stores this value, or clears all data.
export const onKeptElsewhere = (name, listener) => addEventListener("storage", ({ key }) => {
  if (key === PREFIX + name || key === null) listener();
});

const remove = (isOld) => {
  try {
    for (const key of Object.keys(localStorage)) if (key.startsWith("imagehost:") && isOld(key)) localStorage.removeItem(key);
  } catch {
    // Storage is forbidden, so it has no data.
  }
};

export const forget = () => {
  unkept.clear();
  remove(() => true);
};
export const forgetOlderForms = () => remove((key) => !key.startsWith(PREFIX));
