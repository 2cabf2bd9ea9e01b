// What works without a script works without this one; it makes copying and waiting pleasant.

// Copy buttons show only where they can work. The text stays selected where the clipboard is refused.
const reveal = (root) => root.querySelectorAll("[data-copy]").forEach((button) => { button.hidden = false; });

const select = (source) => {
  if (source.select) source.select();
  else getSelection().selectAllChildren(source);
};

// Plain-http hosts, a home server say, have no navigator.clipboard: there the selection is copied.
const copy = async (text) => {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return document.execCommand("copy");
  }
};

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  const source = document.getElementById(button.dataset.copy);
  select(source);
  button.textContent = (await copy(source.value ?? source.href)) ? "Copied" : "Press Ctrl+C";
});

document.addEventListener("htmx:load", (event) => reveal(event.detail.elt));
reveal(document);

document.addEventListener("htmx:xhr:progress", (event) => {
  const progress = document.getElementById("progress");
  if (!progress || !event.detail.lengthComputable) return;
  progress.hidden = event.detail.loaded >= event.detail.total;
  progress.value = (100 * event.detail.loaded) / event.detail.total;
});

// A new try takes away what was said of the last one; a list that is brought up to date is none.
document.addEventListener("htmx:beforeRequest", (event) => {
  const refresh = event.detail.requestConfig.verb === "get";
  document.querySelectorAll(refresh ? "#alerts" : "#alerts, #status").forEach((element) => element.replaceChildren());
});

// The server is gone, or the way to it: there is no answer to show.
document.addEventListener("htmx:sendError", () => {
  const alert = document.createElement("p");
  alert.className = "alert";
  alert.textContent = "The server cannot be reached. Check your connection and try again.";
  document.getElementById("alerts").replaceChildren(alert);
});
