// Texts of scripts in the language of the page; each script marks its own: gettext("Now").
// The values stand in the text by name: gettext("Create “%(name)s”", { name }).
export function gettext(text, values = {}) {
  const said = (globalThis.translated || {})[text] || text;
  return said.replace(/%\((\w+)\)s/g, (whole, name) => (name in values ? values[name] : whole));
}

// The text for a number of things, of two that are marked by themselves: every language has its own two in them.
export function ngettext(one, several, count, values = {}) {
  return gettext(count === 1 ? one : several, { count, ...values });
}
