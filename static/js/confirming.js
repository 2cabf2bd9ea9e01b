// The question before a deletion: one at a time, closed by No, by Esc, and by going elsewhere.

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
