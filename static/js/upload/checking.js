// Checks a file before it is sent. The sentences are the same as the server's.

import { settings, text } from "../core/page.js";

const LONGEST_NAME = 80;

// Characters that are written from right to left, or that make others so.
const TURNING = /[\u0590-\u08ff\u200f\u202a-\u202e\u2066-\u2069\ufb1d-\ufdff\ufe70-\ufefc]/;

// Shortens a name for use in a sentence, whose writing direction it must not change: shorten_name of the server.
const shorten = (/** @type {string} */ name) => {
  const letters = [...name];
  const short = letters.length <= LONGEST_NAME ? name : `${letters.slice(0, LONGEST_NAME - 1).join("")}…`;
  return TURNING.test(short) ? `\u2068${short}\u2069` : short;
};

// Reads the first bytes as text in Latin-1: the signatures are regular expressions for such texts.
const readHead = async (/** @type {File} */ file) =>
  String.fromCharCode(...new Uint8Array(await file.slice(0, settings.head).arrayBuffer()));

const matches = (/** @type {string} */ signature, /** @type {string} */ head) => new RegExp(signature).test(head);

/**
 * The names of other formats, and advice about them. Most visitors never need these, so they are not part of the
 * pages. If they cannot be fetched, such a file is treated as an unknown one.
 * @type {Promise<OtherFormats> | undefined}
 */
let others;

const fetchOthers = async () => {
  const answer = await fetch(settings.formatsUrl);
  if (!answer.ok) throw new Error(`status ${answer.status}`);
  return answer.json();
};

/** @returns {Promise<OtherFormats>} */
const otherFormats = () => {
  others ??= fetchOthers();
  return others.catch(() => {
    others = undefined;
    return { formats: [], advice: [] };
  });
};

// Returns why the server would refuse a file with this beginning, or an empty text.
const reasonAgainstHead = async (/** @type {string} */ head, /** @type {string} */ name) => {
  if (!head) return text("empty", { name });
  if (settings.kinds.some((signature) => matches(signature, head))) return "";
  const { formats, advice } = await otherFormats();
  const found = formats.find(([signature]) => matches(signature, head));
  if (!found) return text("unsupported", { name });
  const [, what, number] = found;
  return text("foreign", { name, what, advice: advice[number] });
};

/**
 * Returns the sentence that says why a file cannot be uploaded, or an empty text.
 * @param {File} file
 * @returns {Promise<string>}
 */
export const reasonAgainst = async (file) => {
  const name = shorten(file.name);
  if (file.size > settings.maxFileSize) return text("tooLarge");
  try {
    return await reasonAgainstHead(await readHead(file), name);
  } catch {
    // It is a folder, or the file was moved or deleted.
    return text("unreadable", { name });
  }
};
