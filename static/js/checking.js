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

const shorten = (name) => (name.length <= LONGEST_NAME ? name : `${name.slice(0, LONGEST_NAME - 1)}…`);

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
