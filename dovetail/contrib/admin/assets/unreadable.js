// A browser sends nothing for what it cannot read as a number or a time, though it shows what was typed: such a form is not
// sent, so that nothing typed is lost and nothing is emptied. A form that the browser itself looks over needs no help.
import { gettext } from "./texts.js";

const told = new WeakMap(); // the line below a field that says what is wrong with it

function forget(field) {
  const line = told.get(field);
  if (!line) return;
  told.delete(field);
  const others = (field.getAttribute("aria-describedby") || "").split(" ").filter((id) => id && id !== line.id);
  if (others.length) field.setAttribute("aria-describedby", others.join(" "));
  else field.removeAttribute("aria-describedby");
  line.remove();
  if (document.getElementById(`errors-${field.id}`)) return; // what the server said of it stays
  field.removeAttribute("aria-invalid");
  field.classList.remove("is-invalid");
}

function tell(field) {
  forget(field);
  const line = Object.assign(document.createElement("div"), { className: "invalid-feedback d-block", id: `unread-${field.id}` });
  line.textContent = field.type === "number" ? gettext("This is not a number.") : gettext("This is not complete.");
  told.set(field, line);
  field.after(line);
  field.setAttribute("aria-invalid", "true");
  field.setAttribute("aria-describedby", [field.getAttribute("aria-describedby"), line.id].filter(Boolean).join(" "));
  field.classList.add("is-invalid");
}

// It may stand in a tab or a group that is closed.
function show(field) {
  const panel = field.closest("[role='tabpanel'][hidden]");
  if (panel) document.getElementById(panel.getAttribute("aria-labelledby")).click();
  const folded = field.closest("details");
  if (folded) folded.open = true;
  field.focus();
}

// Without scripts nobody would tell of it: such fields come as texts, and become here what they are.
export function becomeWhatTheyAre(root) {
  root.querySelectorAll("input[data-becomes]").forEach((field) => {
    const text = field.value;
    if (text !== field.defaultValue) return; // somebody types already
    field.type = field.dataset.becomes;
    if (field.value === text) return;
    field.type = "text"; // for what it has is none, and would be shown as nothing
    field.value = text;
  });
}

export function refuseUnreadable() {
  document.addEventListener("submit", (event) => {
    const fields = event.target.noValidate ? [...event.target.elements] : [];
    const unread = fields.filter((one) => one.validity && one.validity.badInput && !one.closest("[data-shown-when][hidden]"));
    if (!unread.length) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    unread.forEach(tell);
    show(unread[0]);
  }, true);
  document.addEventListener("input", (event) => forget(event.target), true);
}
