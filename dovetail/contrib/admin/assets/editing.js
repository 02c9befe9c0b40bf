// What helps to fill in a form: a warning before what was typed is lost, the first mistake in sight, buttons for now and
// for today, JSON that is checked as it is typed, and groups as tabs.

import { keepDrafts } from "./drafts.js";
import { gettext } from "./texts.js";
import { offerStored } from "./stored-now.js";
import { tidy } from "./tidy-json.js";
import { isTyped } from "./typed.js";

const TEXTS = {
  today: gettext("Today"), now: gettext("Now"), tidy: gettext("Tidy up"),
};
const form = document.querySelector("[data-object-form]");

// Nothing that was typed is left without a warning.
function guard() {
  let isUnsaved = form.dataset.unsaved !== undefined || [...form.elements].some((one) => one.name && isTyped(one));
  const note = (event) => { if (event.target.name) isUnsaved = true; };
  form.addEventListener("input", note);
  form.addEventListener("change", note);
  if (window.jQuery) window.jQuery(form).on("change", "select", note);
  form.addEventListener("submit", () => { isUnsaved = false; });
  window.addEventListener("beforeunload", (event) => { if (isUnsaved) event.preventDefault(); });
}

// Groups of fields as tabs, by arrows too; a mistake is marked in the tab that hides it.
function makeTabs() {
  const groups = [...form.querySelectorAll(".fieldset-tab")].filter((group) => !group.closest("[data-inline]"));
  if (groups.length < 2) return;
  const list = Object.assign(document.createElement("div"), { className: "tabs" });
  list.setAttribute("role", "tablist");
  const tabs = groups.map((group, index) => {
    const tab = Object.assign(document.createElement("button"), { type: "button", id: `tab-${index}` });
    const title = group.querySelector(".fieldset-title");
    tab.textContent = title.textContent;
    title.hidden = true;
    group.id = `tab-panel-${index}`;
    tab.setAttribute("role", "tab");
    tab.setAttribute("aria-controls", group.id);
    group.setAttribute("role", "tabpanel");
    group.setAttribute("aria-labelledby", tab.id);
    if (group.querySelector("[aria-invalid], .stored-now")) tab.classList.add("tab-wrong");
    list.append(tab);
    return tab;
  });
  function show(chosen) {
    groups.forEach((group, index) => {
      group.hidden = index !== chosen;
      tabs[index].setAttribute("aria-selected", String(index === chosen));
      tabs[index].tabIndex = index === chosen ? 0 : -1;
    });
  }
  tabs.forEach((tab, index) => {
    tab.addEventListener("click", () => show(index));
    tab.addEventListener("keydown", (event) => {
      const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      if (!step) return;
      event.preventDefault();
      const next = (index + step + tabs.length) % tabs.length;
      show(next);
      tabs[next].focus();
    });
  });
  groups[0].before(list);
  const typedInto = groups.findIndex((group) => group.contains(document.activeElement)); // before this script ran
  const wrong = tabs.findIndex((tab) => tab.classList.contains("tab-wrong"));
  show(Math.max(typedInto === -1 ? wrong : typedInto, 0));
}

function focusMistake() {
  if (form.contains(document.activeElement)) return; // somebody types already
  const wrong = form.querySelector("[aria-invalid='true'], .is-invalid"); // of radio buttons the class alone
  if (!wrong) return;
  const folded = wrong.closest("details");
  if (folded) folded.open = true;
  focus(wrong);
}

function focus(field) {
  const shown = field.nextElementSibling && field.nextElementSibling.querySelector(".select2-selection");
  (shown || field).focus();
}

// An empty form is typed into at once, where its keys would be shortcuts; a calendar would open over what comes next.
function focusFirst() {
  if (!("fresh" in form.dataset) || document.activeElement !== document.body || document.querySelector(".draft-offer")) return;
  const isFree = 'input:not([type="hidden"]):not([readonly]), select, textarea:not([readonly])';
  const first = [...form.elements].find((one) => one.matches(isFree) && !one.disabled && one.checkVisibility());
  if (first && !first._flatpickr) focus(first);
}

function tool(field, text, run) {
  const button = Object.assign(document.createElement("button"), { type: "button", className: "btn btn-sm form-tool", textContent: text });
  const label = document.getElementById(`label-${field.id}`);
  if (label) button.setAttribute("aria-label", `${label.textContent.trim()}: ${text}`);
  button.addEventListener("click", run);
  (field.closest(".flatpickr-wrapper") || field).after(button);
}

// The moment in the zone of the page, as ISO 8601 has it; with its offset where clocks show it twice.
function now() {
  const { zone } = document.documentElement.dataset;
  const format = new Intl.DateTimeFormat("sv-SE", { timeZone: zone, dateStyle: "short", timeStyle: "medium" }); // as ISO 8601
  const moment = new Date();
  const shown = format.format(moment);
  const isTwice = [-60, -30, 30, 60].some((minutes) => format.format(moment.getTime() + minutes * 60_000) === shown);
  if (!isTwice) return shown;
  const parts = new Intl.DateTimeFormat("en", { timeZone: zone, timeZoneName: "longOffset" }).formatToParts(moment);
  return shown + (parts.find((one) => one.type === "timeZoneName").value.replace("GMT", "") || "Z");
}

function fill(field, text) {
  const picker = field._flatpickr;
  if (picker) picker.setDate(text, true); // which writes it as the language does
  else field.value = text;
  field.dispatchEvent(new Event("input", { bubbles: true }));
}

function addTools(root) {
  const isFree = ":not([readonly]):not([disabled])";
  root.querySelectorAll(`[data-role="date-picker"]${isFree}`).forEach((field) => {
    tool(field, TEXTS.today, () => fill(field, now().slice(0, 10)));
  });
  root.querySelectorAll(`[data-role="moment-picker"]${isFree}`).forEach((field) => {
    tool(field, TEXTS.now, () => fill(field, now()));
  });
  root.querySelectorAll(`textarea[data-role="json"]${isFree}`).forEach((field) => {
    const told = Object.assign(document.createElement("div"), { className: "form-hint text-danger" });
    told.setAttribute("role", "status");
    field.after(told);
    const check = () => {
      try {
        if (field.value.trim()) JSON.parse(field.value);
        told.textContent = "";
        return true;
      } catch (error) {
        const place = /line (\d+) column (\d+)/.exec(error.message); // all else in it is English in every browser
        told.textContent = place
          ? gettext("This is not JSON (line %(line)s, column %(column)s).", { line: place[1], column: place[2] })
          : gettext("This is not JSON.");
        return false;
      }
    };
    field.addEventListener("change", check);
    if (isTyped(field)) check();
    tool(field, TEXTS.tidy, () => {
      if (check() && field.value.trim()) fill(field, tidy(field.value));
    });
  });
}

// Fields that are shown where another has one of some values; the server holds it, too.
function showWhereItHolds() {
  const parts = [...form.querySelectorAll("[data-shown-when]")].map((part) => ({ part, when: JSON.parse(part.dataset.shownWhen) }));
  function textOf(name) {
    const fields = [...form.querySelectorAll(`[name="${CSS.escape(name)}"]`)].filter((one) => one.type !== "hidden");
    const box = fields.find((one) => one.type === "checkbox");
    if (box) return String(box.checked);
    const chosen = fields.length > 1 ? fields.find((one) => one.checked) : fields[0];
    return chosen && chosen.value !== "__None" ? chosen.value : "";
  }
  function show() {
    parts.forEach(({ part, when }) => {
      const isMet = when.values.includes(textOf(when.name));
      part.hidden = !isMet;
      if (part.previousElementSibling && part.previousElementSibling.matches("label")) part.previousElementSibling.hidden = !isMet;
      const row = part.closest(".row");
      row.hidden = [...row.children].every((one) => one.hidden);
    });
  }
  if (!parts.length) return;
  form.addEventListener("input", show);
  form.addEventListener("change", show);
  if (window.jQuery) window.jQuery(form).on("change", "select", show);
  show();
}

if (form) {
  showWhereItHolds();
  guard();
  if (form.dataset.draftUrl) keepDrafts(form);
  addTools(form);
  offerStored(form);
  document.addEventListener("dovetail:added", (event) => addTools(event.target));
  makeTabs();
  focusMistake();
  focusFirst();
}
