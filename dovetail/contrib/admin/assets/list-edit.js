// Cells of a list that are changed there: what was typed is marked and counted, and not left by mistake.
import { gettext } from "./texts.js";
import { given, held } from "./typed.js";

const form = document.getElementById("list-edit");
const counter = form.querySelector(".list-changes");
const fields = Array.from(form.elements).filter((one) => one.closest(".cell") && one.type !== "hidden");
const shown = new Map(fields.map((field) => [field, given(field)]));
let isSent = false;

function isChanged(field) {
  return held(field) !== shown.get(field);
}

function tell() {
  const changed = fields.filter(isChanged);
  fields.forEach((field) => field.closest(".cell").classList.toggle("cell-changed", isChanged(field)));
  counter.textContent = changed.length ? gettext("%(count)s not saved yet", { count: changed.length }) : "";
}

function restore(field) {
  const first = shown.get(field);
  if (field.type === "checkbox" || field.type === "radio") field.checked = first === "true";
  else field.value = first;
  field.dispatchEvent(new Event("input", { bubbles: true }));
}

// Alt with an arrow goes to the same column of the next row, Escape takes back what was typed into a cell.
function move(field, step) {
  const rows = Array.from(document.querySelectorAll("tbody tr"));
  const column = field.closest("td").cellIndex;
  let place = rows.indexOf(field.closest("tr")) + step;
  for (; rows[place]; place += step) {
    const next = rows[place].cells[column]?.querySelector("input:not([type=hidden]), select, textarea");
    if (next) return next.focus();
  }
}

fields.forEach((field) => {
  field.addEventListener("input", tell);
  field.addEventListener("change", tell);
  field.addEventListener("keydown", (event) => {
    if (event.altKey && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
      event.preventDefault();
      move(field, event.key === "ArrowDown" ? 1 : -1);
    } else if (event.key === "Escape" && isChanged(field)) {
      event.preventDefault();
      restore(field);
    }
  });
  if (window.jQuery) window.jQuery(field).on("select2:select select2:clear", tell);
});
form.addEventListener("submit", () => { isSent = true; });
window.addEventListener("beforeunload", (event) => {
  if (!isSent && fields.some(isChanged)) event.preventDefault();
});
document.querySelector(".cell [aria-invalid=true]")?.focus();
tell();
