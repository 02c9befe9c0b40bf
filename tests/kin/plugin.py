"""A plugin whose models inherit from one another, in every way that SQLAlchemy has."""

from dovetail.plugin import Plugin, lazy

NAMES = ("Vehicle", "Car", "Taxi", "Ride", "Payment", "CardPayment")

plugin = Plugin(
    name="kin",
    models=lazy(*(f"tests.kin.models:{name}" for name in NAMES)),
    routers=lazy("tests.kin.api:router"),
    admin_views=lazy(*(f"tests.kin.admin:{name}Admin" for name in NAMES)),
)
