// The button that clears the data that this browser keeps. Its other windows are updated as after each choice.

import { announce, byId, text } from "../core/page.js";
import { clear } from "../core/store.js";

const SECONDS_OF_RESULT = 4;

/**
 * Lets visitors clear the data.
 * @param {() => void} onCleared shows this page as it is without data
 */
export const offerClearing = (onCleared) => {
  const button = byId("forget");
  const label = button.textContent;
  button.addEventListener("click", () => {
    clear();
    onCleared();
    button.textContent = text("forgotten");
    announce(text("forgotten"));
    setTimeout(() => { button.textContent = label; }, SECONDS_OF_RESULT * 1000);
  });
};
