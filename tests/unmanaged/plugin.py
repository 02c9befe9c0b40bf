"""A plugin over tables that no migration makes."""

from dovetail.plugin import Plugin, lazy

NAMES = ("Sale", "Total", "Note")

plugin = Plugin(
    name="unmanaged",
    models=lazy(*(f"tests.unmanaged.models:{name}" for name in NAMES)),
    routers=lazy("tests.unmanaged.api:router"),
    admin_views=lazy(*(f"tests.unmanaged.admin:{name}Admin" for name in NAMES)),
)
