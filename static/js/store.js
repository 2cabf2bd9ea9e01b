// What this browser keeps between visits. A full or forbidden storage means that nothing is kept, and no more.

// A number goes up when the form of what is kept changes; what has another one is removed.
const PREFIX = "imagehost:1:";
const LONGEST = 100_000;

// What could not be kept, for as long as the page is open.
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

// Tells when another window of this browser kept something, or cleared all.
export const onKeptElsewhere = (name, listener) => addEventListener("storage", ({ key }) => {
  if (key === PREFIX + name || key === null) listener();
});

const remove = (isOld) => {
  try {
    for (const key of Object.keys(localStorage)) if (key.startsWith("imagehost:") && isOld(key)) localStorage.removeItem(key);
  } catch {
    // Nothing was kept there.
  }
};

export const forget = () => {
  unkept.clear();
  remove(() => true);
};
export const forgetOlderForms = () => remove((key) => !key.startsWith(PREFIX));
