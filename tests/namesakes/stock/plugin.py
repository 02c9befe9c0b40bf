"""A plugin whose classes have names that another plugin's have too."""

from dovetail.plugin import Plugin, lazy

plugin = Plugin(
    name="stock", models=lazy("tests.namesakes.stock.models:Tag"), routers=lazy("tests.namesakes.stock.api:router")
)
