// The question before a deletion. Only one is open at a time. No, Esc, and a click or focus elsewhere close it.

const close = (confirm, focus) => {
  confirm.open = false;
  if (focus) confirm.querySelector("summary").focus();
};

const closeOthers = (target) => {
  for (const confirm of document.querySelectorAll(".confirm[open]")) if (!confirm.contains(target)) close(confirm);
};

export const confirmDeletions = () => {
  document.addEventListener("click", (event) => {
    if (event.target.closest('[data-act="keep"]')) close(event.target.closest(".confirm"), true);
    closeOthers(event.target);
  });
  document.addEventListener("focusin", (event) => closeOthers(event.target));
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") for (const confirm of document.querySelectorAll(".confirm[open]")) close(confirm, true);
  });
};
