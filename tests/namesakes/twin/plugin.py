"""A plugin whose resource has the name of another plugin's."""

from dovetail.plugin import Plugin, lazy

plugin = Plugin(name="twin", routers=lazy("tests.namesakes.twin.api:router"))
