// What a page gave its fields, and what they hold: they differ, too, where something was typed or chosen before the
// scripts ran, or was put back by the browser, of which no event tells.

const isBox = (field) => field.type === "checkbox" || field.type === "radio";
const values = (options) => options.map((one) => one.value).join(",");

function optionsGiven(select) {
  const given = [...select.options].filter((one) => one.defaultSelected);
  if (select.multiple) return given;
  return given.length ? given.slice(-1) : [...select.options].filter((one) => !one.disabled).slice(0, 1);
}

// As the browser reads it, which leaves out what a field of this type may not hold.
function textGiven(field) {
  if (field.localName === "textarea") return field.defaultValue;
  const picker = field._flatpickr; // which writes a moment as it would be picked
  const moment = picker && picker.parseDate(field.defaultValue, picker.config.dateFormat);
  if (moment) return picker.formatDate(moment, picker.config.dateFormat);
  const fresh = Object.assign(document.createElement("input"), { type: field.type });
  fresh.value = field.defaultValue;
  return fresh.value;
}

export function given(field) {
  if (field.type === "file" || field.type === "hidden") return "";
  if (isBox(field)) return String(field.defaultChecked);
  return field.localName === "select" ? values(optionsGiven(field)) : textGiven(field);
}

export function held(field) {
  if (field.type === "hidden") return "";
  if (isBox(field)) return String(field.checked);
  return field.localName === "select" ? values([...field.selectedOptions]) : field.value;
}

export function isTyped(field) {
  return ["input", "select", "textarea"].includes(field.localName) && given(field) !== held(field);
}
