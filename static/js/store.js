// What this browser keeps between visits. A full or forbidden storage means that nothing is kept, and no more.

// A number goes up when the form of what is kept changes; what has another one is removed.
const PREFIX = "imagehost:1:";
const LONGEST = 100_000;

export const recall = (name, otherwise) => {
  try {
    return JSON.parse(localStorage.getItem(PREFIX + name)) ?? otherwise;
  } catch {
    return otherwise;
  }
};

export const keep = (name, value) => {
  try {
    const json = JSON.stringify(value);
    if (json.length <= LONGEST) localStorage.setItem(PREFIX + name, json);
    else localStorage.removeItem(PREFIX + name);
  } catch {
    // As above.
  }
};

const remove = (isOld) => {
  try {
    for (const key of Object.keys(localStorage)) if (key.startsWith("imagehost:") && isOld(key)) localStorage.removeItem(key);
  } catch {
    // As above.
  }
};

export const forget = () => remove(() => true);
export const forgetOlderForms = () => remove((key) => !key.startsWith(PREFIX));
