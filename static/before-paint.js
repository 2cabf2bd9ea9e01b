// Runs before the first paint: marks that scripts run, and sets the chosen theme, so that the page does not flash.
document.documentElement.classList.add("scripts");
// If a script does not load, the page is shown as it is without scripts.
addEventListener("error", ({ target }) => {
  if (target instanceof HTMLScriptElement) document.documentElement.classList.remove("scripts");
}, true);
try {
  const theme = JSON.parse(localStorage.getItem("imagehost:1:theme") ?? "null");
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
} catch {
  // Storage is forbidden, or the value is not ours: the system's theme applies.
}
