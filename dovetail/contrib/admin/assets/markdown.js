// An editor for Markdown: buttons and shortcuts that write its signs around what is selected, and a preview as the
// server renders it. What is typed stays a textarea's: without this script it is saved as well.

import { gettext } from "./texts.js";

const TEXTS = {
  bold: gettext("Bold"), italic: gettext("Italic"), heading: gettext("Heading"), link: gettext("Link"), list: gettext("List"), numbers: gettext("Numbered list"),
  quote: gettext("Quotation"), code: gettext("Code"), image: gettext("Image"), write: gettext("Write"), preview: gettext("Preview"), tools: gettext("Formatting"),
  empty: gettext("There is nothing to preview."), failed: gettext("There is no preview:"), waiting: gettext("Rendering…"),
};
const ROUND = { bold: ["**", "**"], italic: ["*", "*"], code: ["`", "`"], link: ["[", "](https://)"], image: ["![", "](https://)"] };
const BEFORE = { heading: "## ", list: "- ", numbers: "1. ", quote: "> " };
const SIGNS = {
  bold: "fa-bold", italic: "fa-italic", heading: "fa-heading", link: "fa-link", image: "fa-image", list: "fa-list-ul",
  numbers: "fa-list-ol", quote: "fa-quote-left", code: "fa-code",
};
const KEYS = { b: "bold", i: "italic" };

// `insertText` keeps what the browser undoes; where it is not known, the value is set.
function write(field, start, end, text, from, to) {
  field.focus();
  field.setSelectionRange(start, end);
  if (!document.execCommand("insertText", false, text)) {
    field.setRangeText(text, start, end, "end");
    field.dispatchEvent(new Event("input", { bubbles: true }));
  }
  field.setSelectionRange(from, to);
}

function wrap(field, [open, close]) {
  const { selectionStart: start, selectionEnd: end, value } = field;
  const chosen = value.slice(start, end);
  const isWrapped = value.slice(start - open.length, start) === open && value.slice(end, end + close.length) === close;
  if (isWrapped) write(field, start - open.length, end + close.length, chosen, start - open.length, end - open.length);
  else write(field, start, end, open + chosen + close, start + open.length, end + open.length);
}

function mark(field, sign) {
  const { selectionStart, selectionEnd, value } = field;
  const start = value.lastIndexOf("\n", selectionStart - 1) + 1;
  const next = value.indexOf("\n", selectionEnd);
  const end = next < 0 ? value.length : next;
  const lines = value.slice(start, end).split("\n");
  const isMarked = lines.every((line) => line.startsWith(sign));
  const text = lines.map((line) => (isMarked ? line.slice(sign.length) : sign + line)).join("\n");
  write(field, start, end, text, start, start + text.length);
}

function apply(field, name) {
  if (field.readOnly || field.disabled) return;
  if (name in ROUND) wrap(field, ROUND[name]);
  else mark(field, BEFORE[name]);
}

function button(label, icon) {
  const made = Object.assign(document.createElement("button"), { type: "button", className: "btn btn-sm" });
  if (!icon) made.textContent = label;
  else {
    made.classList.add("btn-icon");
    made.append(Object.assign(document.createElement("i"), { className: `fa-solid ${icon}` }));
    made.firstChild.setAttribute("aria-hidden", "true");
    made.setAttribute("aria-label", label);
    made.title = label;
  }
  return made;
}

// One stop of Tab for all buttons, and arrows from one to the next (https://www.w3.org/WAI/ARIA/apg/patterns/toolbar/).
function toolbar(field) {
  const bar = Object.assign(document.createElement("div"), { className: "markdown-tools" });
  bar.setAttribute("role", "toolbar");
  bar.setAttribute("aria-label", TEXTS.tools);
  bar.setAttribute("aria-controls", field.id);
  Object.entries(SIGNS).forEach(([name, icon], index) => {
    const made = button(TEXTS[name], icon);
    made.tabIndex = index ? -1 : 0;
    const key = Object.keys(KEYS).find((one) => KEYS[one] === name);
    if (key) {
      made.title = `${TEXTS[name]} (${gettext("Ctrl")} ${key.toUpperCase()})`;
      made.setAttribute("aria-keyshortcuts", `Control+${key.toUpperCase()}`);
    }
    made.addEventListener("click", () => apply(field, name));
    bar.append(made);
  });
  bar.addEventListener("keydown", (event) => {
    const all = [...bar.children];
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    const at = all.indexOf(document.activeElement);
    const next = step ? all[(at + step + all.length) % all.length] : { Home: all[0], End: all.at(-1) }[event.key];
    if (!next) return;
    event.preventDefault();
    all.forEach((one) => { one.tabIndex = one === next ? 0 : -1; });
    next.focus();
  });
  return bar;
}

async function render(field, shown) {
  if (!field.value.trim()) {
    shown.textContent = TEXTS.empty;
    return;
  }
  shown.textContent = TEXTS.waiting;
  const form = field.form;
  const body = new URLSearchParams({ text: field.value, csrf_token: form.elements.namedItem("csrf_token").value });
  try {
    const answer = await fetch(form.dataset.markdownUrl, { method: "POST", headers: { Accept: "application/json" }, body });
    const told = await answer.json();
    if (answer.ok) shown.innerHTML = told.html; // sanitised by the server; the page's policy runs no script in it
    else shown.textContent = `${TEXTS.failed} ${told.detail}`;
  } catch {
    shown.textContent = `${TEXTS.failed} ${gettext("The site did not answer.")}`; // the browser's own words are English
  }
}

function enrich(field) {
  field.dataset.enriched = "1";
  const head = Object.assign(document.createElement("div"), { className: "markdown-head" });
  const shown = Object.assign(document.createElement("div"), { className: "markdown markdown-preview", hidden: true, tabIndex: 0 });
  const switcher = button(TEXTS.preview);
  const tools = toolbar(field);
  shown.setAttribute("role", "region");
  shown.setAttribute("aria-label", TEXTS.preview);
  shown.setAttribute("aria-live", "polite");
  switcher.setAttribute("aria-controls", field.id);
  switcher.addEventListener("click", () => {
    const isPreview = shown.hidden;
    if (isPreview) shown.style.minHeight = `${field.offsetHeight}px`;
    shown.hidden = !isPreview;
    field.hidden = isPreview;
    tools.hidden = isPreview;
    switcher.textContent = isPreview ? TEXTS.write : TEXTS.preview;
    if (isPreview) render(field, shown);
    else field.focus();
  });
  field.addEventListener("keydown", (event) => {
    const name = KEYS[event.key.toLowerCase()];
    if (!name || !(event.ctrlKey || event.metaKey) || event.altKey || event.shiftKey) return;
    event.preventDefault();
    apply(field, name);
  });
  // Another form may be sent: a mistake the browser would show must not stand in what is hidden.
  field.addEventListener("invalid", () => { if (field.hidden) switcher.click(); });
  head.append(tools, switcher);
  field.before(head);
  field.after(shown);
}

function enrichAll(root) {
  root.querySelectorAll('textarea[data-role="markdown"]:not([data-enriched])').forEach((field) => {
    if (field.form && field.form.dataset.markdownUrl) enrich(field);
  });
}

enrichAll(document);
document.addEventListener("dovetail:added", (event) => enrichAll(event.target));
