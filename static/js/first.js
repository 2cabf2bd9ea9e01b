// Run before anything is painted: says that scripts run, and which theme was chosen, so that neither flashes.
document.documentElement.classList.add("scripts");
// A script that did not come: the page is then one that works without.
addEventListener("error", ({ target }) => {
  if (target instanceof HTMLScriptElement) document.documentElement.classList.remove("scripts");
}, true);
try {
  const theme = JSON.parse(localStorage.getItem("imagehost:1:theme"));
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
} catch {
  // Storage is forbidden, or holds what is not ours: the system's theme it is.
}
