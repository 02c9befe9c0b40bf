"""A plugin of tables that another program left."""

from dovetail.plugin import Plugin, lazy

MODELS = ("Country", "City", "Booking", "BookingLine", "Wide", "Total")
plugin = Plugin(
    name="ledger",
    models=lazy(*(f"tests.contract.ledger.models:{name}" for name in MODELS)),
    routers=lazy("tests.contract.ledger.api:router"),
    admin_views=lazy(*(f"tests.contract.ledger.admin:{name}Admin" for name in MODELS)),
)
