// Passwords can be shown, and new ones made up. Nothing keeps anybody from pasting one, and a password manager finds what
// it needs in the attributes of the field; without this script the fields work as they are.
import { gettext } from "./texts.js";

(() => {
  "use strict";

  const LETTERS = "abcdefghijkmnpqrstuvwxyz23456789"; // 32 that nobody mistakes for another: 5 bits each
  const GROUPS = 5;
  const LONG = 5; // letters of a group: 125 bits in all

  function makeUp() {
    const random = crypto.getRandomValues(new Uint8Array(GROUPS * LONG));
    const letters = Array.from(random, (one) => LETTERS[one % LETTERS.length]).join("");
    return letters.match(new RegExp(`.{${LONG}}`, "g")).join("-");
  }

  function button(field, text, press) {
    const made = document.createElement("button");
    made.type = "button"; // which sends no form
    made.className = "btn";
    made.textContent = text;
    made.setAttribute("aria-controls", field.id);
    made.addEventListener("click", () => press(made));
    return made;
  }

  function show(field, toggle, shown) {
    field.type = shown ? "text" : "password";
    toggle.textContent = shown ? gettext("Hide") : gettext("Show");
    toggle.setAttribute("aria-pressed", String(shown));
  }

  document.querySelectorAll('input[type="password"]').forEach((field) => {
    const toggle = button(field, gettext("Show"), () => show(field, toggle, field.type === "password"));
    toggle.setAttribute("aria-pressed", "false");
    const buttons = [toggle];
    if (field.autocomplete === "new-password") {
      buttons.push(button(field, gettext("Generate"), () => {
        field.value = makeUp();
        show(field, toggle, true); // to be written down, where nothing remembers it
        field.dispatchEvent(new Event("input", { bubbles: true }));
        field.focus();
      }));
    }
    if (!field.parentElement.classList.contains("input-group")) {
      const group = document.createElement("div");
      group.className = "input-group";
      field.replaceWith(group);
      group.append(field);
    }
    field.after(...buttons);
    // A browser remembers what a field of text held, and offers it again; not what a field of a password held.
    if (field.form) field.form.addEventListener("submit", () => show(field, toggle, false));
  });
})();
