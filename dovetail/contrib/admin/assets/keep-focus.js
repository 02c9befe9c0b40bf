// A list that is asked anew by keyboard, for another order, filter or page, has the focus where it was: whoever goes on
// from there need not go through the whole page again. After an action that is where the first selected row was.

const PLACES = ["#filters", "thead", ".date-hierarchy", ".list-footer"];
const ROW = "row"; // in place of a selector
const KEY = `dovetail-focus:${location.pathname}`;
const RECENT = 60_000; // milliseconds within which the page that comes next is that list
let isByKeyboard = false;

document.addEventListener("keydown", () => { isByKeyboard = true; }, true);
document.addEventListener("pointerdown", () => { isByKeyboard = false; }, true);

// What a control is called, below its heading, whatever was counted beside it.
function calledBy(control) {
  const heading = control.closest(".mb-3")?.querySelector(".subheader")?.textContent.trim() || "";
  const text = control.getAttribute("aria-label") || control.textContent.replace(/\(.*\)/, "");
  return `${heading}: ${control.name || text.trim()}`;
}

const rows = () => Array.from(document.querySelectorAll("#content .card-table tbody tr")).filter((row) => row.querySelector(".select-box"));

window.addEventListener("pagehide", () => {
  const control = document.activeElement;
  const place = PLACES.find((one) => control.closest(one));
  const selected = rows().findIndex((row) => row.querySelector(".select-box").checked);
  if (isByKeyboard && selected >= 0 && control.closest(".selection-tools")) {
    sessionStorage.setItem(KEY, JSON.stringify([ROW, selected, Date.now()]));
  }
  if (isByKeyboard && place) sessionStorage.setItem(KEY, JSON.stringify([place, calledBy(control), Date.now()]));
});

function focusAgain() {
  const [place, called, since] = JSON.parse(sessionStorage.getItem(KEY) || "[]");
  sessionStorage.removeItem(KEY);
  const isFree = document.activeElement === document.body && !document.querySelector("[autofocus]");
  if (!place || Date.now() - since > RECENT || !isFree) return;
  if (place === ROW) {
    const row = rows().at(called) || rows().at(-1);
    (row?.querySelector("a") || row?.querySelector(".select-box"))?.focus();
    return;
  }
  const controls = [...document.querySelectorAll(place)].flatMap((one) => [...one.querySelectorAll("a[href], button, input, select, textarea")]);
  const shown = controls.filter((one) => one.checkVisibility({ visibilityProperty: true }));
  const opener = document.querySelector(`[data-bs-target="${place}"]:not(.btn-close)`);
  (shown.find((one) => calledBy(one) === called) || shown[0] || opener)?.focus();
}

focusAgain();
