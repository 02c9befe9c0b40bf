// The palette (Ctrl-K): pages, objects and actions that hold what is typed, as far as the policies let them be found.

import { tooLong } from "./lengths.js";
import { gettext } from "./texts.js";

const PAUSE = 200; // milliseconds without a letter, after which the server is asked
const LONGEST = 200; // characters to look for
const REMEMBERED = 8; // objects that were opened lately, of which the browser keeps the keys

const palette = document.getElementById("palette");
const field = palette.querySelector('[role="combobox"]');
const list = palette.querySelector('[role="listbox"]');
const foot = palette.querySelector('[role="status"]');
const store = `dovetail-recent ${palette.dataset.url} ${palette.dataset.user}`;
let waiting = 0;
let asked = null;
let isLooking = false; // for what was typed last
let isEntered = false; // whether Enter was pressed while it was looked for

function recent() {
  try {
    const kept = JSON.parse(window.localStorage.getItem(store));
    return Array.isArray(kept) ? kept.filter((one) => typeof one === "string") : [];
  } catch {
    return []; // a browser may refuse to keep anything
  }
}

function remember(here) {
  if (!here) return;
  try {
    const kept = [here, ...recent().filter((one) => one !== here)].slice(0, REMEMBERED);
    window.localStorage.setItem(store, JSON.stringify(kept));
  } catch {
    // then nothing is remembered
  }
}

function options() {
  return Array.from(list.querySelectorAll('[role="option"]'));
}

function choose(option) {
  options().forEach((one) => one.setAttribute("aria-selected", String(one === option)));
  if (option) {
    field.setAttribute("aria-activedescendant", option.id);
    option.scrollIntoView({ block: "nearest" });
  } else {
    field.removeAttribute("aria-activedescendant");
  }
}

function optionOf(entry, number) {
  const option = document.createElement("a");
  option.setAttribute("role", "option");
  option.id = `palette-${number}`;
  option.href = entry.address;
  option.tabIndex = -1;
  option.textContent = entry.text;
  if (entry.note) {
    const note = document.createElement("span");
    note.textContent = entry.note;
    option.append(" ", note);
  }
  option.addEventListener("pointermove", () => choose(option));
  return option;
}

// The buttons in the head of the page are what can be done here.
function onThisPage(term) {
  const buttons = Array.from(document.querySelectorAll("#content .page-header a.btn"));
  const entries = buttons.map((one) => ({ text: one.textContent.trim(), address: one.getAttribute("href"), note: "" }));
  const words = term.toLowerCase().split(/\s+/);
  return entries.filter((one) => words.every((word) => one.text.toLowerCase().includes(word)));
}

function show(groups, isComplete, term) {
  let number = 0;
  const known = new Set(groups.flatMap((group) => group.entries.map((one) => one.address)));
  const here = onThisPage(term).filter((one) => !known.has(one.address));
  const all = here.length ? [...groups, { title: gettext("On this page"), entries: here }] : groups;
  list.replaceChildren(...all.map((group) => {
    const shown = document.createElement("div");
    const title = document.createElement("div");
    shown.setAttribute("role", "group");
    shown.setAttribute("aria-label", group.title);
    title.className = "palette-group";
    title.setAttribute("aria-hidden", "true");
    title.textContent = group.title;
    shown.append(title, ...group.entries.map((entry) => optionOf(entry, number++)));
    return shown;
  }));
  choose(options()[0]);
  isLooking = false;
  if (isEntered && number) options()[0].click();
  isEntered = false;
  if (!number) foot.textContent = gettext("Nothing matches.");
  else foot.textContent = isComplete ? gettext("%(number)s found", { number }) : gettext("%(number)s found; type more to look further", { number });
}

async function ask() {
  const term = field.value.trim();
  const excess = tooLong(term, LONGEST);
  if (excess) {
    if (asked) asked.abort();
    list.replaceChildren();
    isLooking = false;
    foot.textContent = excess;
    return;
  }
  const query = new URLSearchParams({ term });
  if (!term) recent().filter((one) => one !== palette.dataset.here).forEach((one) => query.append("recent", one));
  if (asked) asked.abort();
  asked = new AbortController();
  try {
    const answer = await fetch(`${palette.dataset.url}?${query}`, {
      headers: { Accept: "application/json" },
      signal: asked.signal,
    });
    const told = await answer.json();
    if (term !== field.value.trim()) return; // more was typed meanwhile, and is asked for soon
    if (answer.ok) show(told.groups, told.is_complete, term);
    else foot.textContent = told.detail;
  } catch (error) {
    if (error.name !== "AbortError") foot.textContent = gettext("The site did not answer.");
  }
}

function open() {
  if (palette.open) return;
  field.value = "";
  palette.showModal();
  field.focus();
  ask();
}

field.addEventListener("input", () => {
  isLooking = true;
  isEntered = false;
  window.clearTimeout(waiting);
  waiting = window.setTimeout(ask, PAUSE);
});

field.addEventListener("keydown", (event) => {
  const all = options();
  const at = all.findIndex((one) => one.getAttribute("aria-selected") === "true");
  if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    event.preventDefault();
    if (all.length) choose(all[(at + (event.key === "ArrowDown" ? 1 : -1) + all.length) % all.length]);
  } else if (event.key === "Enter") {
    event.preventDefault();
    if (isLooking) isEntered = true;
    else if (at >= 0) all[at].click();
  }
});

document.addEventListener("keydown", (event) => {
  if ((event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey && event.key.toLowerCase() === "k") {
    event.preventDefault();
    open();
  }
});

document.querySelectorAll("[data-palette-open]").forEach((button) => button.addEventListener("click", open));
palette.addEventListener("click", (event) => {
  if (event.target === palette || event.target.closest("[data-close]")) palette.close();
});
remember(palette.dataset.here);
