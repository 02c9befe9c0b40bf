// The nested filter of a list, built by choosing; it is written as the text that stands in the address.
import { keptFilter } from "./kept-filter.js";
import { gettext } from "./texts.js";

const place = document.querySelector(".builder-parts");
const text = document.getElementById("builder-where");
const known = JSON.parse(place.dataset.fields);
const form = place.closest("form");
const DEEPEST = 5;
const MOST = 30;

function make(tag, attributes, ...children) {
  const made = document.createElement(tag);
  Object.entries(attributes).forEach(([name, value]) => made.setAttribute(name, value));
  made.append(...children);
  return made;
}

function select(label, options, chosen) {
  const made = make("select", { class: "form-select form-select-sm", "aria-label": label });
  options.forEach(([value, title]) => made.append(new Option(title, value, value === chosen, value === chosen)));
  return made;
}

function button(label, act) {
  const made = make("button", { type: "button", class: "btn btn-sm" }, label);
  made.addEventListener("click", act);
  return made;
}

const quoted = (value) => (/^[^\s()"=<>!\\]+$/.test(value) ? value : `"${value.replace(/[\\"]/g, "\\$&")}"`);

const valueLabel = (field) => gettext("%(field)s: value", { field: field.title });

// The value is typed, chosen, or looked for, as the field and the comparison want it.
function valueField(field, comparison, condition) {
  const label = valueLabel(field);
  if (comparison.startsWith("is") && field.choices.length) return select(label, field.choices, condition.value);
  if (field.isRelation) {
    const made = make("select", { class: "form-select form-select-sm", "aria-label": label, name: "" });
    if (condition.value) made.append(new Option(condition.text || condition.value, condition.value, true, true));
    setTimeout(() => lookUp(made, field));
    return made;
  }
  return make("input", { class: "form-control form-control-sm", "aria-label": label, value: condition.value || "" });
}

function lookUp(made, field) {
  const chosen = window.jQuery(made);
  chosen.select2({
    width: "14rem",
    dropdownParent: chosen.parent(),
    placeholder: gettext("Choose or type"),
    ajax: {
      url: place.dataset.url,
      dataType: "json",
      delay: 200,
      data: (typed) => ({ name: field.name, term: typed.term || "" }),
    },
  });
  chosen.next().find(".select2-selection").attr("aria-label", valueLabel(field)).removeAttr("aria-labelledby");
  chosen.next().find("textarea.select2-search__field").attr("aria-label", valueLabel(field)).removeAttr("role");
  chosen.on("select2:select", () => {
    write();
    const row = made.closest(".builder-row-empty");
    if (row) markEmpty(row);
  });
}

function conditionRow(condition) {
  const row = make("div", { class: "builder-row" });
  let mayBeBlank = condition.value === ""; // an empty text that was asked for as text, until something else is chosen
  const fields = select(gettext("Filter by"), known.map((one) => [one.name, one.title]), condition.name);
  const show = (now) => {
    const field = known.find((one) => one.name === fields.value);
    const comparisons = select(gettext("Comparison"), field.comparisons, now.comparison);
    const value = valueField(field, comparisons.value, now);
    comparisons.addEventListener("change", () => {
      show({ comparison: comparisons.value, value: value.value });
      row.children[1].focus();
    });
    const remove = button(gettext("Remove"), () => {
      const next = row.nextElementSibling || row.previousElementSibling;
      row.remove();
      write();
      (next?.querySelector("select, button") || place.querySelector("button")).focus();
    });
    row.replaceChildren(fields, comparisons, value, remove);
    write();
  };
  fields.addEventListener("change", () => { mayBeBlank = false; show({}); fields.focus(); });
  row.read = () => [fields.value, row.children[1].value, quoted(row.children[2].value || "")].join(" ");
  row.isEmpty = () => !row.children[2]?.value && !mayBeBlank;
  row.asTree = () => {
    const value = row.children[2];
    return { name: fields.value, comparison: row.children[1].value, value: value.value || (mayBeBlank ? "" : undefined), text: value.selectedOptions?.[0]?.text };
  };
  show(condition);
  return row;
}

function group(tree, depth) {
  const joined = select(gettext("Rows fulfil"), [["and", gettext("all of these")], ["or", gettext("any of these")]], tree.joinedBy);
  const parts = make("div", { class: "builder-group-parts" });
  const made = make("fieldset", { class: "builder-group" }, make("legend", { class: "visually-hidden" }, gettext("Conditions")), joined, parts);
  const add = (part) => {
    if (place.querySelectorAll(".builder-row").length >= MOST) return;
    parts.append(part);
    part.querySelector("select").focus();
    write();
  };
  const tools = make("div", { class: "btn-list" }, button(gettext("Add condition"), () => add(conditionRow({ name: known[0].name }))));
  if (depth < DEEPEST) {
    tools.append(button(gettext("Add group"), () => add(group({ joinedBy: "or", parts: [{ name: known[0].name }] }, depth + 1))));
  }
  if (depth) {
    tools.append(button(gettext("Remove group"), () => { made.remove(); write(); place.querySelector("button").focus(); }));
  }
  made.append(tools);
  joined.addEventListener("change", () => write());
  made.read = () => {
    const texts = Array.from(parts.children).filter((one) => !one.isEmpty()).map((one) => (
      one.matches(".builder-group") ? `(${one.read()})` : one.read()
    ));
    return texts.join(` ${joined.value} `);
  };
  made.isEmpty = () => !made.read();
  made.asTree = () => ({ joinedBy: joined.value, parts: Array.from(parts.children).map((one) => one.asTree()) });
  tree.parts.forEach((part) => parts.append(part.parts ? group(part, depth + 1) : conditionRow(part)));
  return made;
}

// A condition without a value would be left out without a word: it is marked, and nothing is sent until it has one.
function markEmpty(row) {
  const isMarked = row.isEmpty();
  row.querySelector(".invalid-feedback")?.remove();
  row.classList.toggle("builder-row-empty", isMarked);
  const value = row.children[2];
  value.classList.toggle("is-invalid", isMarked);
  if (!isMarked) {
    value.removeAttribute("aria-invalid");
    value.removeAttribute("aria-describedby");
    return;
  }
  const line = make("div", { class: "invalid-feedback d-block", id: `builder-empty-${marked++}` }, gettext("Give a value, or remove this condition."));
  row.append(line);
  value.setAttribute("aria-invalid", "true");
  value.setAttribute("aria-describedby", line.id);
}

function focusValue(row) {
  const value = row.children[2];
  (value.nextElementSibling?.querySelector(".select2-selection") || value).focus();
}

let marked = 0;
let isReady = false;
let applied = ""; // as the groups write what is applied
const tree = JSON.parse(place.dataset.tree);
const kept = keptFilter(place, text, () => { text.value = text.defaultValue; build(tree); });

function write() {
  if (!isReady) return;
  text.value = place.firstElementChild.read();
  const isPending = text.value !== applied || Array.from(place.querySelectorAll(".builder-row")).some((row) => row.isEmpty());
  if (isPending) kept.keep(place.firstElementChild.asTree());
  else kept.forget();
}

function build(parts) {
  if (!parts) return;
  isReady = false;
  place.replaceChildren(group(parts, 0));
  place.hidden = false;
  isReady = true;
}

function start() {
  const found = text.value === text.defaultValue ? kept.find() : null; // or else it is typed already, which counts
  if (text.value === text.defaultValue) build(tree);
  applied = isReady ? place.firstElementChild.read() : text.defaultValue;
  if (!found) return;
  place.closest("details").open = true;
  text.value = found.text;
  if (found.tree) build(found.tree);
  else place.hidden = true;
  isReady = Boolean(found.tree);
  kept.tell(true);
}

start();
place.addEventListener("input", write);
place.addEventListener("change", write);
["input", "change"].forEach((kind) => place.addEventListener(kind, (event) => {
  const row = event.target.closest(".builder-row-empty");
  if (row) markEmpty(row);
}));
form.addEventListener("submit", (event) => {
  const empty = isReady ? Array.from(place.querySelectorAll(".builder-row")).filter((row) => row.isEmpty()) : [];
  if (!empty.length) return;
  event.preventDefault();
  empty.forEach(markEmpty);
  focusValue(empty[0]);
});
text.addEventListener("input", () => { // what is typed counts
  place.hidden = true;
  isReady = false;
  if (text.value === text.defaultValue) kept.forget();
  else kept.keep(null);
});
