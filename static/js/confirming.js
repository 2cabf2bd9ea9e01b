// The question before a deletion: one at a time, closed by No, by Esc, and by a click elsewhere.

const open = () => document.querySelectorAll(".confirm[open]");

const close = (confirm, { focus }) => {
  confirm.open = false;
  if (focus) confirm.querySelector("summary").focus();
};

export const confirmDeletions = () => {
  document.addEventListener("click", (event) => {
    if (event.target.closest('[data-act="keep"]')) close(event.target.closest(".confirm"), { focus: true });
    for (const confirm of open()) if (!confirm.contains(event.target)) close(confirm, { focus: false });
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") for (const confirm of open()) close(confirm, { focus: true });
  });
};
