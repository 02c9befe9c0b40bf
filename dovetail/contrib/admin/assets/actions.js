// The tools of a list are usable when rows are selected: those that are ticked, or all that match, on every page.
import { gettext } from "./texts.js";

const boxes = Array.from(document.querySelectorAll(".select-box"));
const all = document.getElementById("select-all");
const across = Array.from(document.querySelectorAll(".select-across"));

function showSelection() {
  const isAcross = across.some((box) => box.checked);
  const count = boxes.filter((box) => box.checked).length;
  document.querySelectorAll(".selection-count").forEach((place) => {
    place.textContent = count && !isAcross ? gettext("%(count)s of %(rows)s selected", { count, rows: place.dataset.rows }) : "";
  });
  document.querySelectorAll(".selection-tools button").forEach((button) => {
    button.disabled = count === 0 && !isAcross;
  });
  boxes.forEach((box) => { box.disabled = isAcross; });
  if (!all) return;
  all.disabled = isAcross;
  all.checked = count > 0 && count === boxes.length;
  all.indeterminate = count > 0 && count < boxes.length;
}

boxes.forEach((box) => box.addEventListener("change", showSelection));
if (all) all.addEventListener("change", showSelection);
across.forEach((box) => box.addEventListener("change", () => {
  across.forEach((other) => { other.checked = box.checked; });
  showSelection();
}));
window.addEventListener("pageshow", showSelection);
showSelection();
