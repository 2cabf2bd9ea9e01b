// A picture as large as the window: arrow keys and swipes lead to its neighbours, Esc back to the list.

import { byId, isFocusLost, isPlainClick } from "./page.js";

const SHORTEST_SWIPE = 40;

let links = [];
let place = 0;
let touch = null;

const act = (name) => byId("lightbox").querySelector(`[data-act="${name}"]`);

// In the size that the screen asks for, where there are several.
const pictureOf = ({ dataset: { image, srcset, width, height, name } }) =>
  Object.assign(new Image(width, height), { alt: name, sizes: "100vw", srcset, src: image });

const show = (index) => {
  if (!links[index]) return;
  place = index;
  const picture = Object.assign(pictureOf(links[index]), { id: "lightbox-image" });
  byId("lightbox-image").replaceWith(picture);
  byId("lightbox-name").href = links[index].href;
  byId("lightbox-name").firstElementChild.textContent = picture.alt;
  byId("lightbox-place").textContent = `${index + 1} / ${links.length}`;
  act("previous").disabled = !links[index - 1];
  act("next").disabled = !links[index + 1];
  // A button that leads no further has lost the focus, and the keys with it.
  if (byId("lightbox").open && isFocusLost()) act("close").focus();
  // It is looked at next, most likely.
  if (links[index + 1]) pictureOf(links[index + 1]);
};

const open = (link) => {
  links = [...document.querySelectorAll("#images a.preview")];
  show(links.indexOf(link));
  byId("lightbox").showModal();
};

const moves = { ArrowLeft: -1, ArrowRight: 1 };

export const enlargePictures = () => {
  const dialog = byId("lightbox");
  document.addEventListener("click", (event) => {
    const link = event.target.closest("#images a.preview");
    if (!link || !isPlainClick(event)) return;
    event.preventDefault();
    open(link);
  });
  document.addEventListener("keydown", (event) => {
    if (dialog.open && moves[event.key]) show(place + moves[event.key]);
  });
  dialog.addEventListener("click", (event) => {
    const name = event.target.closest("[data-act]")?.dataset.act;
    if (name === "previous") show(place - 1);
    if (name === "next") show(place + 1);
    if (name === "close") dialog.close();
  });
  dialog.addEventListener("touchstart", (event) => { touch = event.touches.length === 1 ? event.touches[0] : null; }, { passive: true });
  dialog.addEventListener("touchend", (event) => {
    if (!touch) return;
    const { clientX, clientY } = event.changedTouches[0];
    const [across, down] = [clientX - touch.clientX, clientY - touch.clientY];
    if (Math.abs(across) > SHORTEST_SWIPE && Math.abs(across) > Math.abs(down)) show(place - Math.sign(across));
  });
  // Back to the picture that was seen last, not to the one that was clicked.
  dialog.addEventListener("close", () => byId(links[place].id)?.focus());
};
