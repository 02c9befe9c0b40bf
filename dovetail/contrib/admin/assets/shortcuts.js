// Keys that do something, each named by a control (data-shortcut="n") or below, and the sheet that lists them.
// Single keys can be turned off (WCAG 2.1.4); those with Ctrl stay.

import { gettext } from "./texts.js";

const sheet = document.getElementById("shortcuts"); // a window of its own has none, and keys with Ctrl alone
const choice = document.getElementById("single-keys");
let isOn = sheet?.dataset.on === "yes";

function isTyping(target) {
  return target.isContentEditable || target.matches('input:not([type="checkbox"], [type="radio"], [type="submit"]), textarea, select');
}

function rows() {
  return Array.from(document.querySelectorAll("#content .card-table tbody tr")).filter((row) => row.querySelector("a, input"));
}

function goBy(step) {
  const all = rows();
  const at = all.findIndex((row) => row.contains(document.activeElement));
  const row = all[Math.min(Math.max(at + step, 0), all.length - 1)];
  if (row) (row.querySelector("a") || row.querySelector("input")).focus();
}

function selectRow() {
  const row = document.activeElement.closest("tr");
  const box = row && row.querySelector(".select-box");
  if (box) box.click();
}

function goToActions() {
  const all = Array.from(document.querySelectorAll(".selection-tools button"));
  all.find((one) => !one.disabled && one.checkVisibility())?.focus();
}

const KEYS = {
  "?": () => sheet.showModal(),
  j: () => goBy(1),
  k: () => goBy(-1),
  x: selectRow,
  a: goToActions,
  f: () => document.querySelector("#filters a, #filters input, #filters select")?.focus(), // where they are no drawer
  h: () => document.querySelector(".navbar-brand").click(),
};

function controlFor(key) {
  const found = Array.from(document.querySelectorAll("[data-shortcut]"));
  return found.find((one) => one.dataset.shortcut === key && one.checkVisibility());
}

function use(control) {
  if (control.matches("input, select, textarea")) control.focus();
  else control.click();
}

document.addEventListener("keydown", (event) => {
  if (event.altKey || event.isComposing || document.querySelector("dialog[open]")) return;
  const withControl = event.ctrlKey || event.metaKey;
  if (!withControl && (!isOn || isTyping(event.target))) return;
  const control = controlFor(withControl ? `Control+${event.key.toLowerCase()}` : event.key);
  if (!control && (withControl || !KEYS[event.key])) return;
  event.preventDefault();
  if (control) use(control);
  else KEYS[event.key]();
});

document.querySelectorAll("[data-help-open]").forEach((button) => {
  button.addEventListener("click", () => sheet.showModal());
});

sheet?.addEventListener("click", (event) => {
  if (event.target === sheet || event.target.closest("[data-close]")) sheet.close();
});

choice?.addEventListener("change", async () => {
  isOn = choice.checked;
  const values = new URLSearchParams(new FormData(choice.form));
  values.set("shortcuts", isOn ? "on" : "off");
  const answer = await fetch(choice.form.action, { method: "POST", headers: { Accept: "application/json" }, body: values, keepalive: true });
  const said = document.getElementById("said");
  if (answer.ok) said.textContent = isOn ? gettext("Single keys are on.") : gettext("Single keys are off.");
  else said.textContent = (await answer.json()).detail;
});

// The menu of a narrow page is closed by Escape too, wherever in it the focus is.
document.getElementById("menu")?.addEventListener("keydown", (event) => {
  const opener = document.querySelector('[aria-controls="menu"]');
  if (event.key !== "Escape" || !opener.checkVisibility()) return;
  opener.focus();
  opener.click();
});
