// What can be told of a file before it is sent, in the words that the server has for it.

import { settings, text } from "./page.js";

const LONGEST_NAME = 80;
const BYTES = 16;

// What a file of each kind begins with, as Latin-1: the server looks at the bytes too, never at the name.
const BEGINNINGS = {
  jpg: /^\xff\xd8\xff/,
  png: /^\x89PNG\r\n\x1a\n/,
  gif: /^GIF8[79]a/,
  webp: /^RIFF[^]{4}WEBP/,
  avif: /^[^]{4}ftyp/,
};

// Letters and marks that are written from right to left, or make others so.
const TURNING = /[\u0590-\u08ff\u200f\u202a-\u202e\u2066-\u2069\ufb1d-\ufdff\ufe70-\ufefc]/;

// As the server does: no longer than a sentence can bear, and without turning the sentence.
const shorten = (name) => {
  const letters = [...name];
  const short = letters.length <= LONGEST_NAME ? name : `${letters.slice(0, LONGEST_NAME - 1).join("")}…`;
  return TURNING.test(short) ? `\u2068${short}\u2069` : short;
};

// Gives the sentence that says why a file cannot be uploaded, or nothing.
export const reasonAgainst = async (file) => {
  const name = shorten(file.name);
  if (file.size > settings.maxFileSize) return text("tooLarge");
  try {
    const beginning = String.fromCharCode(...new Uint8Array(await file.slice(0, BYTES).arrayBuffer()));
    if (!beginning) return text("empty", { name });
    return settings.kinds.some((kind) => BEGINNINGS[kind].test(beginning)) ? "" : text("unsupported", { name });
  } catch {
    // A folder, or a file that went away.
    return text("unreadable", { name });
  }
};
