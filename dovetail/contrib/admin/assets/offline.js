// While the browser is offline a form is not sent at once: the browser's error page would take the place of what was typed.
import { gettext } from "./texts.js";

let note = null;

function tell() {
  note = Object.assign(document.createElement("div"), { className: "alert alert-warning offline-note" });
  note.setAttribute("role", "alert");
  document.body.append(note);
  note.textContent = gettext("You seem to be offline. Nothing was sent, and what you typed is still here. Send it again to try all the same.");
}

function forget() {
  note?.remove();
  note = null;
}

export function holdWhileOffline() {
  document.addEventListener("submit", (event) => {
    if (navigator.onLine || note || event.target.getAttribute("method") !== "post") return;
    event.preventDefault();
    event.stopImmediatePropagation(); // for the other listeners the form was not sent
    tell();
  }, true);
  window.addEventListener("online", forget);
}
