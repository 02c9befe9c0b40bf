"""A plugin whose models have policies, which lead to each other."""

from dovetail.plugin import Plugin, lazy

plugin = Plugin(
    name="guarded",
    models=lazy(*(f"tests.guarded.models:{name}" for name in ("Keeper", "Label", "Note"))),
    policies=lazy(
        Keeper="tests.guarded.policies:PEOPLE",
        Label="tests.guarded.policies:LABELS",
        Note="tests.guarded.policies:NOTES",
    ),
    routers=lazy("tests.guarded.api:router"),
)
