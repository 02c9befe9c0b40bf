// Rows of inlines are added, taken out and put in order without asking the server; without this script a form has empty
// rows for new ones, and the places of rows are typed.

const ownRows = (inline) => [...inline.querySelectorAll("[data-inline-row]")].filter((row) => inlineOf(row) === inline);
const inlineOf = (element) => element.closest("[data-inline]");

// The template says the texts, so that they are in the language of the page.
function tell(inline, text, number) {
  const said = inline.dataset[text].replace("{number}", number).replace("{total}", ownRows(inline).length);
  own(inline, "[data-inline-status]").textContent = said;
}

function own(inline, selector) {
  return [...inline.querySelectorAll(selector)].find((one) => inlineOf(one) === inline) || null;
}

function count(inline) {
  return ownRows(inline).filter((row) => !row.querySelector('input[name$="-DELETE"]:checked')).length;
}

function showNumbers(inline) {
  ownRows(inline).forEach((row, index) => {
    [...row.querySelectorAll("[data-inline-number]")]
      .filter((one) => one.closest("[data-inline-row]") === row)
      .forEach((one) => { one.textContent = index + 1; });
  });
  const add = own(inline, "[data-inline-add]");
  if (add) add.hidden = Boolean(inline.dataset.most) && count(inline) >= Number(inline.dataset.most);
}

// What holds the rows: a table, or the place beneath each other.
function holder(inline) {
  return own(inline, "[data-inline-rows]") || own(inline, ".inline-table");
}

function makeRow(inline) {
  const total = own(inline, `input[name="${inline.dataset.inline}-TOTAL_FORMS"]`);
  const number = Number(total.value);
  total.value = number + 1;
  const made = document.createElement("template");
  made.innerHTML = own(inline, "[data-inline-empty]").innerHTML.replaceAll(inline.dataset.number, number);
  return made.content.querySelector("[data-inline-row]");
}

function add(inline) {
  const row = makeRow(inline);
  holder(inline).append(row);
  begin(row);
  row.dispatchEvent(new CustomEvent("dovetail:added", { bubbles: true }));
  number(inline);
  showNumbers(inline);
  focusIn(row, "");
  tell(inline, "added", ownRows(inline).length);
}

// The first field of a row that is shown: the place of one that is moved by buttons is not.
function focusIn(row, others) {
  const found = [...row.querySelectorAll(`${others}input:not([type=hidden]), select, textarea`)];
  const field = found.find((one) => one.checkVisibility());
  if (!field) return false;
  (field.nextElementSibling?.querySelector(".select2-selection") || field).focus();
  return true;
}

function remove(row) {
  const inline = inlineOf(row);
  const rows = ownRows(inline);
  const place = rows.indexOf(row);
  row.remove();
  showNumbers(inline);
  const next = rows[place + 1] || rows[place - 1];
  if (!next || !focusIn(next, "[data-inline-remove], ")) (own(inline, "[data-inline-add]") || inline).focus();
  tell(inline, "removed", place + 1);
}

// The places of rows, where they can be put in order.

const placeField = (row) => {
  const inline = inlineOf(row);
  return [...row.querySelectorAll("input")].find(
    (one) => inlineOf(one) === inline && one.name.endsWith(`-${inline.dataset.place}`),
  );
};

function number(inline) {
  if (!inline.dataset.place) return;
  const rows = ownRows(inline).filter(placeField);
  const held = rows.map((row) => Number(placeField(row).value)).filter((one) => one > 0);
  const rising = rows.every((row, index) => !index || placeOf(row) > placeOf(rows[index - 1]));
  if (rising) return;
  const least = held.length ? Math.min(...held) : 1;
  rows.forEach((row, index) => {
    const field = placeField(row);
    if (field.value === String(least + index)) return;
    field.value = least + index;
    field.dispatchEvent(new Event("input", { bubbles: true }));
  });
}

const placeOf = (row) => (placeField(row).value === "" ? -1 : Number(placeField(row).value));

function move(row, step) {
  const inline = inlineOf(row);
  const rows = ownRows(inline);
  const place = rows.indexOf(row) + step;
  if (place < 0 || place >= rows.length) return;
  if (step < 0) rows[place].before(row);
  else rows[place].after(row);
  number(inline);
  showNumbers(inline);
  tell(inline, "moved", place + 1);
}

function button(label, icon, act) {
  const made = document.createElement("button");
  made.type = "button";
  made.className = "btn";
  made.setAttribute("aria-label", label);
  const sign = document.createElement("i");
  sign.className = `fa-solid ${icon}`;
  sign.setAttribute("aria-hidden", "true");
  made.append(sign);
  made.addEventListener("click", () => { act(made); made.focus(); });
  return made;
}

function drag(row, handle) {
  const inline = inlineOf(row);
  handle.addEventListener("pointerdown", (down) => {
    handle.setPointerCapture(down.pointerId);
    row.classList.add("inline-dragged");
  });
  handle.addEventListener("pointermove", (moved) => {
    if (!handle.hasPointerCapture(moved.pointerId)) return;
    const other = ownRows(inline).find((one) => {
      const box = one.getBoundingClientRect();
      return one !== row && moved.clientY > box.top && moved.clientY < box.bottom;
    });
    if (!other) return;
    const box = other.getBoundingClientRect();
    const after = moved.clientY > box.top + box.height / 2;
    if (after && other.nextElementSibling !== row) other.after(row);
    else if (!after && other.previousElementSibling !== row) other.before(row);
  });
  handle.addEventListener("lostpointercapture", () => {
    row.classList.remove("inline-dragged");
    number(inline);
    showNumbers(inline);
    tell(inline, "moved", ownRows(inline).indexOf(row) + 1);
  });
}

function order(row) {
  const inline = inlineOf(row);
  const field = inline.dataset.place && placeField(row);
  if (!field) return;
  const cell = field.closest(".inline-place") || row.querySelector("legend");
  const moves = document.createElement("span");
  const handle = document.createElement("span");
  moves.className = "inline-moves";
  handle.className = "inline-handle btn";
  handle.innerHTML = '<i class="fa-solid fa-grip-vertical" aria-hidden="true"></i>';
  moves.append(
    handle,
    button(inline.dataset.up, "fa-arrow-up", () => move(row, -1)),
    button(inline.dataset.down, "fa-arrow-down", () => move(row, 1)),
  );
  cell.append(moves);
  if (!field.closest(".inline-place")) field.closest(".row").hidden = true;
  drag(row, handle);
}

// What a row, or a page, needs once it is there.
function begin(root) {
  const rows = [...(root.matches("[data-inline-row]") ? [root] : []), ...root.querySelectorAll("[data-inline-row]")];
  rows.forEach((row) => {
    order(row);
    row.querySelectorAll("[data-inline-remove]").forEach((one) => {
      if (one.closest("[data-inline-row]") === row) one.hidden = false;
    });
  });
  root.querySelectorAll("[data-inline]").forEach((inline) => {
    if (inline.dataset.place) inline.classList.add("inline-ordered");
    const button = own(inline, "[data-inline-add]");
    if (button) button.hidden = false;
    showNumbers(inline);
  });
}

document.addEventListener("click", (event) => {
  const pressed = event.target.closest("[data-inline-add], [data-inline-remove]");
  if (!pressed) return;
  if (pressed.hasAttribute("data-inline-add")) add(inlineOf(pressed));
  else remove(pressed.closest("[data-inline-row]"));
});
document.addEventListener("change", (event) => {
  if (event.target.matches('input[name$="-DELETE"]')) showNumbers(inlineOf(event.target));
});
begin(document.body);
