// Shows a picture as large as the window. Arrow keys and swipes show the next or previous one, Esc the list.

import { byId, isFocusLost, isPlainClick } from "../core/page.js";

const SHORTEST_SWIPE = 40;

let links = [];
let place = 0;
let touch = null;

const act = (name) => byId("lightbox").querySelector(`[data-act="${name}"]`);

// If there are several sizes, the browser chooses the one for the screen.
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
  // A button that was just disabled has lost the focus, so it no longer receives keys.
  if (byId("lightbox").open && isFocusLost()) act("close").focus();
  // Load the next picture in advance: it is probably shown next.
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
  // Focus the picture that was shown last, not the one that was clicked.
  dialog.addEventListener("close", () => byId(links[place].id)?.focus());
};
