// What is too long for a field is said where it is put in. The attribute maxlength would cut off what comes from the
// clipboard without a word, so fields have data-longest in its place; the server refuses what is sent all the same.
import { gettext } from "./texts.js";

const lines = new WeakMap(); // the line below a field
let made = 0;

export function tooLong(text, longest) {
  const count = Array.from(text).length; // characters, as the server counts them
  if (count <= longest) return "";
  return gettext("This has %(count)s characters, and may have %(longest)s at most.", { count, longest });
}

function lineOf(field) {
  const line = Object.assign(document.createElement("div"), { className: "invalid-feedback d-block", id: `length-${made++}` });
  line.setAttribute("role", "status");
  lines.set(field, line);
  (field.closest(".input-group") || field).after(line);
  field.setAttribute("aria-describedby", [field.getAttribute("aria-describedby"), line.id].filter(Boolean).join(" "));
  return line;
}

function tell(field) {
  const text = tooLong(field.value, Number(field.dataset.longest));
  if (!text && !lines.has(field)) return;
  const line = lines.get(field) || lineOf(field);
  line.textContent = text;
  field.setCustomValidity(text);
  if (document.getElementById(`errors-${field.id}`)) return; // what the server said of it stays
  field.classList.toggle("is-invalid", Boolean(text));
  if (text) field.setAttribute("aria-invalid", "true");
  else field.removeAttribute("aria-invalid");
}

document.addEventListener("input", (event) => { if (event.target.dataset.longest) tell(event.target); });
// What a script shortened meanwhile is not refused.
document.addEventListener("click", (event) => {
  const { form } = event.target.closest("[type=submit]") || {};
  if (form) Array.from(form.elements).filter((one) => lines.has(one)).forEach(tell);
}, true);
