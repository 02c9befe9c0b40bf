"""A plugin whose lists are edited, counted, narrowed and laid out."""

from dovetail.plugin import Plugin, lazy

VIEWS = ("Parcel", "Relabelled", "Shelved", "Courier")

plugin = Plugin(
    name="depot",
    depends_on=("auth",),
    models=lazy("tests.contrib.admin.depot.models:Courier", "tests.contrib.admin.depot.models:Parcel"),
    admin_views=lazy(*(f"tests.contrib.admin.depot.admin:{name}Admin" for name in VIEWS)),
)
