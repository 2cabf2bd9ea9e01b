// Shows a picture as large as the window. Arrow keys and swipes show the next or previous one, Esc the list.

import { byId, closest, find, isFocusLost, isPlainClick } from "../core/page.js";

const SHORTEST_SWIPE = 40;

/** @type {HTMLAnchorElement[]} */
let links = [];
let position = 0;
/** @type {Touch | null} */
let touch = null;

const button = (/** @type {string} */ name) => /** @type {HTMLButtonElement} */ (find(byId("lightbox"), `[data-act="${name}"]`));

// If there are several sizes, the browser chooses the one for the screen.
const pictureOf = (/** @type {HTMLElement} */ { dataset: { image, srcset, width, height, name } }) =>
  Object.assign(new Image(Number(width), Number(height)), { alt: name, sizes: "100vw", srcset, src: image });

const show = (/** @type {number} */ index) => {
  if (!links[index]) return;
  position = index;
  const picture = Object.assign(pictureOf(links[index]), { id: "lightbox-image" });
  byId("lightbox-image").replaceWith(picture);
  byId("lightbox-name").href = links[index].href;
  find(byId("lightbox-name"), "bdi").textContent = picture.alt;
  byId("lightbox-place").textContent = `${index + 1} / ${links.length}`;
  button("previous").disabled = !links[index - 1];
  button("next").disabled = !links[index + 1];
  // A button that was just disabled has lost the focus, so it no longer receives keys.
  if (byId("lightbox").open && isFocusLost()) button("close").focus();
  // Load the next picture in advance: it is probably shown next.
  if (links[index + 1]) pictureOf(links[index + 1]);
};

const open = (/** @type {HTMLElement} */ link) => {
  links = [.../** @type {NodeListOf<HTMLAnchorElement>} */ (document.querySelectorAll("#images a.preview"))];
  show(links.findIndex((it) => it === link));
  byId("lightbox").showModal();
};

/** @type {Record<string, number>} */
const moves = { ArrowLeft: -1, ArrowRight: 1 };

/** Opens previews in the list in the lightbox. */
export const enlargePictures = () => {
  const dialog = byId("lightbox");
  document.addEventListener("click", (event) => {
    const link = closest(event, "#images a.preview");
    if (!link || !isPlainClick(event)) return;
    event.preventDefault();
    open(link);
  });
  document.addEventListener("keydown", (event) => {
    if (dialog.open && moves[event.key]) show(position + moves[event.key]);
  });
  dialog.addEventListener("click", (event) => {
    const name = closest(event, "[data-act]")?.dataset.act;
    if (name === "previous") show(position - 1);
    if (name === "next") show(position + 1);
    if (name === "close") dialog.close();
  });
  dialog.addEventListener("touchstart", (event) => { touch = event.touches.length === 1 ? event.touches[0] : null; }, { passive: true });
  dialog.addEventListener("touchend", (event) => {
    if (!touch) return;
    const { clientX, clientY } = event.changedTouches[0];
    const [across, down] = [clientX - touch.clientX, clientY - touch.clientY];
    if (Math.abs(across) > SHORTEST_SWIPE && Math.abs(across) > Math.abs(down)) show(position - Math.sign(across));
  });
  // Focus the picture that was shown last, not the one that was clicked.
  dialog.addEventListener("close", () => byId(links[position].id)?.focus());
};
