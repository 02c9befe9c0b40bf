"""The Markdown editor: a textarea that a script enhances, and that works without the script."""

from collections.abc import Iterable, Mapping

from markupsafe import Markup
from sqladmin.widgets import TextAreaWidget
from wtforms import Field

from dovetail.contrib.admin.columns.attributes import name_of


class MarkdownWidget(TextAreaWidget):
    """A textarea to which a script adds buttons and a preview."""

    asset = "markdown"  # the script and the style sheet of the widget

    def __call__(self, field: Field, **kwargs: object) -> Markup:
        """Return the textarea as HTML."""
        return super().__call__(field, **{"data-role": "markdown", "rows": 12} | kwargs)


def with_markdown(names: Iterable[object], overrides: Mapping[object, object]) -> Mapping[object, object]:
    """Return `formfield_overrides` extended by the editor for the columns in `markdown_fields`."""
    found = dict(overrides)
    for name in map(name_of, names):
        said = overrides.get(name, {})
        if isinstance(said, Mapping):
            found[name] = {"widget": MarkdownWidget(), **said}
    return found
