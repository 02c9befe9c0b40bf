// The tools of a list are usable when rows are selected: those that are ticked, or all that match, on every page.
import { gettext } from "./texts.js";

const boxes = Array.from(document.querySelectorAll(".select-box"));
const all = document.getElementById("select-all");
const across = Array.from(document.querySelectorAll(".select-across"));

// On a phone the tools go to the lower edge once they are usable: what they leave stays as high, and the rows where they are.
function keepRoom() {
  document.querySelectorAll(".list-tools").forEach((place) => {
    place.style.setProperty("--height-before", `${place.getBoundingClientRect().height}px`);
  });
}

function showSelection() {
  const isAcross = across.some((box) => box.checked);
  const count = boxes.filter((box) => box.checked).length;
  document.querySelectorAll(".selection-count").forEach((place) => {
    // As wide for any number, and there before the first: nothing moves under a pointer that ticks rows.
    const told = String(count).padStart(place.dataset.rows.length, "\u2007");
    place.textContent = boxes.length ? gettext("%(count)s of %(rows)s selected", { count: told, rows: place.dataset.rows }) : "";
    place.classList.toggle("invisible", isAcross);
  });
  const buttons = Array.from(document.querySelectorAll(".selection-tools button"));
  if (buttons.every((button) => button.disabled)) keepRoom();
  buttons.forEach((button) => { button.disabled = count === 0 && !isAcross; });
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
