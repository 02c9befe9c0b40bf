"""A plugin whose view has every kind of action."""

from dovetail.plugin import Plugin, lazy

plugin = Plugin(
    name="workshop",
    depends_on=("auth",),
    models=lazy("tests.contrib.admin.workshop.models:Tool"),
    admin_views=lazy(
        "tests.contrib.admin.workshop.admin:ToolAdmin",
        "tests.contrib.admin.workshop.admin:IdleAdmin",
        "tests.contrib.admin.workshop.admin:RackAdmin",
        "tests.contrib.admin.workshop.admin:WriterAdmin",
    ),
)
