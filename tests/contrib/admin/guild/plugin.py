"""A plugin whose views choose related objects in every way."""

from dovetail.plugin import Plugin, lazy

VIEWS = (
    *("Crafter", "Skill", "Town", "Workshop", "Boxed", "Raw", "Asked", "Answering", "Conditional", "Tabbed"),
    "ReadOnlyText",
)

plugin = Plugin(
    name="guild",
    depends_on=("auth",),
    models=lazy(*(f"tests.contrib.admin.guild.models:{name}" for name in ("Town", "Skill", "Crafter", "Workshop"))),
    admin_views=lazy(*(f"tests.contrib.admin.guild.admin:{name}Admin" for name in VIEWS)),
)
