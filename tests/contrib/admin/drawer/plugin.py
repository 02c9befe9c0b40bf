"""A plugin with a view that shows, sorts, searches, filters and edits every kind of attribute."""

from dovetail.plugin import Plugin, lazy

MODELS = [f"tests.contrib.admin.drawer.models:{name}" for name in ("Shelf", "Specimen", "Odd", "Pair")]
VIEWS = [
    f"tests.contrib.admin.drawer.admin:{name}"
    for name in ("SpecimenAdmin", "ShelfAdmin", "OddAdmin", "PairAdmin", "ReadOnlyAdmin")
]

plugin = Plugin(
    name="drawer",
    depends_on=("auth",),
    models=lazy(*MODELS),
    policies=lazy(Odd="tests.contrib.admin.drawer.policies:ODDS"),
    admin_views=lazy(*VIEWS),
)
