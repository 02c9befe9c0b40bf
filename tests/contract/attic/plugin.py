"""A plugin of tables that another program left, of which some keys share a column."""

from dovetail.plugin import Plugin, lazy

OPEN = ("Product", "Deal", "Part", "Branch", "Sum")
MODELS = (*OPEN, "Taken")
plugin = Plugin(
    name="attic",
    models=lazy(*(f"tests.contract.attic.models:{name}" for name in MODELS)),
    policies=lazy(**dict.fromkeys(OPEN, "tests.contract.attic.api:OPEN")),
    routers=lazy("tests.contract.attic.api:router"),
    admin_views=lazy(*(f"tests.contract.attic.admin:{name}Admin" for name in (*MODELS, "StockedPart"))),
)
