"""A plugin whose rows belong to one another."""

from dovetail.plugin import Plugin, lazy

MODELS = ("Stock", "Count", "Address", "Order", "Line", "Crate", "Packed", "Invoice", "Remark")

plugin = Plugin(
    name="orders",
    models=lazy(*(f"tests.orders.models:{name}" for name in MODELS)),
    policies=lazy(
        Stock="tests.orders.policies:STOCKS",
        Count="tests.orders.policies:FREE",
        Address="tests.orders.policies:FREE",
        Order="tests.orders.policies:ORDERS",
        Line="tests.orders.policies:LINES",
        Crate="tests.orders.policies:FREE",
        Packed="tests.orders.policies:FREE",
        Invoice="tests.orders.policies:FREE",
        Remark="tests.orders.policies:REMARKS",
    ),
    routers=lazy("tests.orders.api:router"),
)
