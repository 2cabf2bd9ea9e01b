// The button that clears the data that this browser keeps. Its other windows are updated as after each choice.

import { showKind } from "../links/copying.js";
import { byId, say, text } from "../core/page.js";
import { forgetUploads } from "../upload/recent.js";
import { forget } from "../core/store.js";
import { forgetTheme } from "./theme.js";

const SECONDS_OF_THANKS = 4;

export const offerToForget = () => {
  const button = byId("forget");
  const label = button.textContent;
  button.addEventListener("click", () => {
    forget();
    forgetTheme();
    forgetUploads();
    showKind(document, "link");
    button.textContent = text("forgotten");
    say(text("forgotten"));
    setTimeout(() => { button.textContent = label; }, SECONDS_OF_THANKS * 1000);
  });};
