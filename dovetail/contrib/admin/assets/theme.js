// Sets the theme before anything is painted: what was chosen, or else what the device says.
(function () {
  "use strict";

  const CHOSEN = `dovetail-theme ${new URL(document.currentScript.src).pathname}`; // another site may have this origin, too
  const root = document.documentElement;
  const dark = window.matchMedia("(prefers-color-scheme: dark)");

  function show() {
    const chosen = root.dataset.theme;
    root.dataset.bsTheme = chosen === "system" ? (dark.matches ? "dark" : "light") : chosen;
  }

  function choose(theme) {
    root.dataset.theme = theme;
    show();
    document.querySelectorAll("[data-theme-switch] button").forEach((button) => {
      button.setAttribute("aria-pressed", String(button.value === theme));
    });
  }

  show();
  dark.addEventListener("change", show);
  // Other windows follow, as those do that a form has opened.
  window.addEventListener("storage", (event) => { if (event.key === CHOSEN && event.newValue) choose(event.newValue); });

  // What is typed into a page stays there while its theme is chosen; without a script the page is loaded again.
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!form.matches("[data-theme-switch]")) return;
    event.preventDefault();
    choose(event.submitter.value);
    fetch(form.action, {
      method: "POST",
      headers: { Accept: "application/json" },
      body: new URLSearchParams(new FormData(form, event.submitter)),
      keepalive: true, // the page may be left at once
    });
    localStorage.removeItem(CHOSEN); // what is set to what it was is told to nobody
    localStorage.setItem(CHOSEN, event.submitter.value);
  });
})();
