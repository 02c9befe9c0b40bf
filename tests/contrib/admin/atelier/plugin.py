"""A plugin with views that use Django's options."""

from dovetail.plugin import Plugin, lazy

VIEWS = ("Painting", "Hooked", "Artist", "Easel", "Open", "Filtered", "Guarded", "ByObject", "Hermit", "Patron")

plugin = Plugin(
    name="atelier",
    depends_on=("auth",),
    models=lazy("tests.contrib.admin.atelier.models:Artist", "tests.contrib.admin.atelier.models:Painting"),
    admin_views=lazy(*(f"tests.contrib.admin.atelier.admin:{name}Admin" for name in VIEWS)),
)
