// What can be told of a file before it is sent, in the words that the server has for it.

import { settings, text } from "./page.js";

const LONGEST_NAME = 80;

// Letters and marks that are written from right to left, or make others so.
const TURNING = /[\u0590-\u08ff\u200f\u202a-\u202e\u2066-\u2069\ufb1d-\ufdff\ufe70-\ufefc]/;

// As the server does: no longer than a sentence can bear, and without turning the sentence.
const shorten = (name) => {
  const letters = [...name];
  const short = letters.length <= LONGEST_NAME ? name : `${letters.slice(0, LONGEST_NAME - 1).join("")}…`;
  return TURNING.test(short) ? `\u2068${short}\u2069` : short;
};

// Reads the first bytes as text in Latin-1, for which the signatures are written.
const readHead = async (file) =>
  String.fromCharCode(...new Uint8Array(await file.slice(0, settings.head).arrayBuffer()));

const matches = (signature, head) => new RegExp(signature).test(head);

// What files in other formats are called, and what to do with them. Most visitors never need it, so it is no part
// of the pages. Without an answer, such a file is as good as unknown.
let others;
const otherFormats = () => {
  others ??= fetch(settings.formatsUrl).then((answer) => (answer.ok ? answer.json() : Promise.reject(answer)));
  return others.catch(() => {
    others = undefined;
    return { formats: [] };
  });
};

// Returns why the server would not take a file that begins like this, or nothing.
const reasonAgainstHead = async (head, name) => {
  if (!head) return text("empty", { name });
  if (settings.kinds.some((signature) => matches(signature, head))) return "";
  const { formats, advice } = await otherFormats();
  const found = formats.find(([signature]) => matches(signature, head));
  if (!found) return text("unsupported", { name });
  const [, what, number] = found;
  return text("foreign", { name, what, advice: advice[number] });
};

// Gives the sentence that says why a file cannot be uploaded, or nothing.
export const reasonAgainst = async (file) => {
  const name = shorten(file.name);
  if (file.size > settings.maxFileSize) return text("tooLarge");
  try {
    return await reasonAgainstHead(await readHead(file), name);
  } catch {
    // A folder, or a file that went away.
    return text("unreadable", { name });
  }
};
