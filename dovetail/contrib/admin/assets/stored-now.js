// Below a field that somebody else changed meanwhile: a button that puts what is stored into it, and what was typed back.

import { gettext } from "./texts.js";

const TEXTS = { take: gettext("Take this"), back: gettext("Take mine back") };

function controlsOf(form, name) {
  return [...form.querySelectorAll(`[name="${CSS.escape(name)}"]`)].filter((one) => one.type !== "hidden");
}

const isRelation = (control) => ["autocomplete", "boxes"].includes(control.dataset.role);

function read(controls) {
  const [first] = controls;
  if (first.type === "radio") return (controls.find((one) => one.checked) || { value: "" }).value;
  if (first.type === "checkbox") return first.checked;
  if (isRelation(first)) return [...first.selectedOptions].filter((one) => one.value).map((one) => ({ id: one.value, text: one.text }));
  return first.multiple ? [...first.selectedOptions].map((one) => one.value) : first.value;
}

function write(controls, held) {
  const [first] = controls;
  if (first.type === "radio") controls.forEach((one) => { one.checked = one.value === held; });
  else if (first.type === "checkbox") first.checked = held;
  else if (isRelation(first)) {
    first.replaceChildren(...held.map((one) => new Option(one.text, one.id, true, true)));
    if (first.dataset.role === "boxes") first.dispatchEvent(new Event("dovetail:chosen"));
    else if (window.jQuery) window.jQuery(first).trigger("change");
  } else if (first.multiple) [...first.options].forEach((one) => { one.selected = held.includes(one.value); });
  else {
    const text = Array.isArray(held) ? held.map((one) => one.id).join(",") : held; // keys that are typed
    if (first._flatpickr && text) first._flatpickr.setDate(text, true);
    else first.value = text;
  }
  first.dispatchEvent(new Event("input", { bubbles: true }));
  first.dispatchEvent(new Event("change", { bubbles: true }));
}

export function offerStored(form) {
  form.querySelectorAll("[data-take]").forEach((button) => {
    const controls = controlsOf(form, button.dataset.take);
    if (!controls.length) return;
    let other = JSON.parse(button.dataset.held);
    let isTheirs = false;
    const call = (text) => {
      button.textContent = text;
      button.setAttribute("aria-label", `${button.dataset.label}: ${text}`);
    };
    call(TEXTS.take);
    button.hidden = false;
    button.addEventListener("click", () => {
      const before = read(controls);
      write(controls, other);
      other = before;
      isTheirs = !isTheirs;
      call(isTheirs ? TEXTS.back : TEXTS.take);
    });
  });
}
