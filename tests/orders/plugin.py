"""A plugin whose rows belong to one another."""

from dovetail.plugin import Plugin, lazy

POLICIES = {
    "Stock": "STOCKS",
    "Count": "FREE",
    "Address": "FREE",
    "Order": "ORDERS",
    "Line": "LINES",
    "Crate": "FREE",
    "Packed": "FREE",
    "Invoice": "FREE",
    "Remark": "REMARKS",
    "Route": "FREE",
    "Stop": "FREE",
}

plugin = Plugin(
    name="orders",
    models=lazy(*(f"tests.orders.models:{model}" for model in POLICIES)),
    policies=lazy(**{model: f"tests.orders.policies:{policy}" for model, policy in POLICIES.items()}),
    routers=lazy("tests.orders.api:router"),
)
