"""A shop with everything that is odd, to be told apart from nothing on either road."""

from dovetail.plugin import Plugin, lazy

MODELS = ("Vendor", "Label", "Product", "Crate", "Note", "Stamp")

plugin = Plugin(
    name="shop",
    depends_on=("auth",),
    models=lazy(*(f"tests.contract.roads.shop.models:{name}" for name in MODELS)),
    routers=lazy("tests.contract.roads.shop.api:router"),
)
