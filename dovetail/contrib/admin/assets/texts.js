// Texts of scripts in the language of the page; each script marks its own: gettext("Now").
// The values stand in the text by name: gettext("Create “%(name)s”", { name }).
export const { gettext, ngettext } = textsOf("");

// What the scripts of a plugin, named by its package, say: as its own catalog has it, then as all say it.
export function textsOf(home) {
  function gettext(text, values = {}) {
    const said = globalThis.translatedBy?.[home]?.[text] || globalThis.translated?.[text] || text;
    return said.replace(/%\((\w+)\)s/g, (whole, name) => (name in values ? values[name] : whole));
  }
  // The text for a number of things, of two that are marked by themselves: every language has its own two in them.
  function ngettext(one, several, count, values = {}) {
    return gettext(count === 1 ? one : several, { count, ...values });
  }
  return { gettext, ngettext };
}
