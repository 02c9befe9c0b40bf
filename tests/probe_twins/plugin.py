"""A plugin with two operations of one name."""

from dovetail.plugin import Plugin, lazy

plugin = Plugin(name="twins", routers=lazy("tests.probe_twins.api:first", "tests.probe_twins.api:second"))
