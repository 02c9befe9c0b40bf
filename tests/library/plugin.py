"""A plugin that offers its tables as resources."""

from dovetail.plugin import Plugin, lazy

plugin = Plugin(
    name="library",
    models=lazy(*(f"tests.library.models:{name}" for name in ("Author", "Genre", "Book", "Review", "Loan"))),
    routers=lazy("tests.library.api:router"),
)
