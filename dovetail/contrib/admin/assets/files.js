// Files in forms: what is too large is told before it is sent, and a file may be dropped on the field. Without this
// script the browser's own input does, and the server tells.

import { gettext } from "./texts.js";

const MEGABYTE = 1048576;

export function inWords(bytes) {
  const [count, unit, digits] = bytes < MEGABYTE ? [Math.ceil(bytes / 1024), "KB", 0] : [bytes / MEGABYTE, "MB", 1];
  const form = { minimumFractionDigits: digits, maximumFractionDigits: digits };
  return `${count.toLocaleString(document.documentElement.lang, form)} ${unit}`;
}

function mistake(field) {
  const file = field.files[0];
  if (!file) return "";
  const most = Number(field.dataset.maxSize);
  if (most && file.size > most) {
    return gettext("The file has %(size)s; %(taken)s are taken.", { size: inWords(file.size), taken: inWords(most) });
  }
  const kinds = field.accept ? field.accept.split(",") : [];
  return kinds.length && file.type && !kinds.includes(file.type) ? gettext("The file is of a type that is not taken.") : "";
}

function watch(field) {
  field.dataset.watched = "1";
  const told = Object.assign(document.createElement("div"), { className: "invalid-feedback d-block" });
  told.setAttribute("role", "alert");
  field.after(told);
  const area = field.closest(".col-sm") || field.parentElement;
  const clear = area.querySelector('input[type="checkbox"][value="clear"]');

  const look = () => {
    told.textContent = mistake(field);
    if (told.textContent) field.value = "";
    else if (clear && field.files.length) clear.checked = false;
    field.classList.toggle("is-invalid", Boolean(told.textContent));
  };
  field.addEventListener("change", look);
  if (field.files.length) look(); // chosen before this script ran
  if (clear) {
    clear.addEventListener("change", () => { if (clear.checked) field.value = ""; });
  }
  area.addEventListener("dragover", (event) => {
    if (![...event.dataTransfer.types].includes("Files")) return;
    event.preventDefault();
    area.classList.add("file-drop");
  });
  area.addEventListener("dragleave", () => area.classList.remove("file-drop"));
  area.addEventListener("drop", (event) => {
    if (!event.dataTransfer.files.length) return;
    event.preventDefault();
    area.classList.remove("file-drop");
    const kept = new DataTransfer();
    kept.items.add(event.dataTransfer.files[0]);
    field.files = kept.files;
    field.dispatchEvent(new Event("change", { bubbles: true }));
  });
}

document.querySelectorAll('input[data-role="file"]:not([data-watched])').forEach(watch);
