"""A plugin whose view brings templates, which the site has to have."""

from dovetail.plugin import Plugin, lazy

plugin = Plugin(
    name="templated", depends_on=("blog",), admin_views=lazy("tests.contrib.admin.templated.admin:TaggedAdmin")
)
