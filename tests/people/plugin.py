"""A plugin whose models inherit, validate, defer and hold bytes."""

from dovetail.plugin import Plugin, lazy

plugin = Plugin(
    name="people",
    models=lazy(*(f"tests.people.models:{name}" for name in ("Team", "Person", "Engineer", "Architect"))),
    routers=lazy("tests.people.api:router"),
)
