"""A plugin whose classes have names that another plugin's have too."""

from dovetail.plugin import Plugin, lazy

plugin = Plugin(
    name="shop", models=lazy("tests.namesakes.shop.models:Tag"), routers=lazy("tests.namesakes.shop.api:router")
)
