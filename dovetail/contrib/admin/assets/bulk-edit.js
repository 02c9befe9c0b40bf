import { isTyped } from "./typed.js";

// Whoever writes into a field wants it changed: its box is ticked then.
document.querySelectorAll("[data-bulk-edit] .bulk-field").forEach((row) => {
  const box = row.querySelector('input[name="change"]');
  const tick = (event) => { if (event.target !== box) box.checked = true; };
  // Those of a calendar have no name, and are filled in by it.
  if ([...row.querySelectorAll("input, select, textarea")].some((one) => one.name && one !== box && isTyped(one))) box.checked = true;
  row.addEventListener("input", tick);
  row.addEventListener("change", tick);
  // The choice of a related object is told by an event of jQuery alone.
  if (window.jQuery) window.jQuery(row).on("select2:select select2:clear", tick);
});
