// Rows of a list open by a click, and its columns are as wide as they are made.
import { gettext } from "./texts.js";

const INTERACTIVE = "a, button, input, select, textarea, label, summary, .select2, [contenteditable], [role=separator]";
const [NARROWEST, WIDEST, STEP] = [40, 1000, 16];
const table = document.querySelector(".table-responsive > table");
const chooser = document.getElementById("columns");

table.tBodies[0].addEventListener("click", (event) => {
  const link = event.target.closest("tr")?.querySelector("[data-opens-row]");
  const isText = String(window.getSelection()).length > 0;
  if (!link || isText || event.button || event.target.closest(INTERACTIVE)) return;
  if (event.ctrlKey || event.metaKey || event.shiftKey) window.open(link.href, "_blank", "noopener");
  else link.click();
});

// The arrows go from row to row, where a row's link has the focus; Enter opens it, as it does of every link.
table.tBodies[0].addEventListener("keydown", (event) => {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (!step || !event.target.matches("[data-opens-row]")) return;
  const links = Array.from(table.querySelectorAll("tbody tr")).map((row) => row.querySelector("[data-opens-row]")).filter(Boolean);
  const row = event.target.closest("tr").querySelector("[data-opens-row]");
  event.preventDefault();
  links[links.indexOf(row) + step]?.focus();
});
table.querySelectorAll("[data-opens-row]").forEach((link) => link.closest("tr").classList.add("opens"));

function setWidth(head, width) {
  const pixels = Math.round(Math.min(Math.max(width, NARROWEST), WIDEST));
  head.style.width = `${pixels}px`;
  head.style.minWidth = `${pixels}px`;
  head.querySelector("[role=separator]")?.setAttribute("aria-valuenow", pixels);
  const field = chooser?.elements.namedItem(`width-${head.dataset.column}`);
  if (field) field.value = pixels;
}

function keep() {
  const sent = new FormData(chooser);
  sent.set("do", "save");
  const headers = { Accept: "application/json" }; // so that it is not kept as a form that was typed
  fetch(chooser.action, { method: "POST", headers, body: new URLSearchParams(sent), redirect: "manual", keepalive: true });
}

function makeEdge(head) {
  const edge = document.createElement("span");
  const called = head.textContent.trim();
  Object.entries({
    class: "column-edge",
    role: "separator",
    tabindex: "0",
    "aria-orientation": "vertical",
    "aria-label": gettext("Width of %(column)s", { column: called }),
    "aria-valuemin": NARROWEST,
    "aria-valuemax": WIDEST,
    "aria-valuenow": Math.round(head.getBoundingClientRect().width),
  }).forEach(([name, value]) => edge.setAttribute(name, value));
  edge.addEventListener("pointerdown", (event) => {
    event.preventDefault();
    edge.setPointerCapture(event.pointerId);
    const [from, width] = [event.clientX, head.getBoundingClientRect().width];
    const follow = (moved) => setWidth(head, width + moved.clientX - from);
    edge.addEventListener("pointermove", follow);
    edge.addEventListener("lostpointercapture", () => { edge.removeEventListener("pointermove", follow); keep(); }, { once: true });
  });
  edge.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: -STEP, ArrowRight: STEP }[event.key];
    if (!step) return;
    event.preventDefault();
    setWidth(head, head.getBoundingClientRect().width + step);
  });
  edge.addEventListener("keyup", (event) => { if (event.key.startsWith("Arrow")) keep(); });
  head.append(edge);
}

table.querySelectorAll("th[data-column]").forEach((head) => {
  if (chooser) makeEdge(head);
  if (head.dataset.width) setWidth(head, Number(head.dataset.width));
});

// Of a filter with many choices, what was chosen is in sight; the page itself stays where it is.
document.querySelectorAll(".filters .nav-pills").forEach((choices) => {
  const chosen = choices.querySelector("[aria-current]");
  if (!chosen) return;
  const [frame, box] = [choices.getBoundingClientRect(), chosen.getBoundingClientRect()];
  if (box.bottom > frame.bottom) choices.scrollTop = box.top - frame.top - frame.height / 2;
});

// One panel of the head is open at a time; Escape closes it.
const panels = Array.from(document.querySelectorAll(".list-head .panel"));
panels.forEach((panel) => {
  panel.addEventListener("toggle", () => { if (panel.open) panels.forEach((one) => { if (one !== panel) one.open = false; }); });
  panel.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !panel.open) return;
    panel.open = false;
    panel.querySelector("summary").focus();
  });
});
