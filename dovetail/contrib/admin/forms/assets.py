"""Find the scripts and style sheets that a page has to load for the fields of its forms."""

from collections.abc import Iterable

from wtforms import Form


def assets_of(forms: Iterable[Form]) -> list[str]:
    """Return the names of the assets that widgets name by their attribute `asset`, such as `["markdown"]`."""
    named = (getattr(field.widget, "asset", None) for form in forms for field in form)
    return list(dict.fromkeys(name for name in named if isinstance(name, str)))
