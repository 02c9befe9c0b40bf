"""The drawer with a table of types that PostgreSQL alone has: on SQLite no site with it starts."""

from dataclasses import replace

from dovetail.plugin import lazy
from tests.contrib.admin.drawer.plugin import MODELS, VIEWS
from tests.contrib.admin.drawer.plugin import plugin as drawer

plugin = replace(
    drawer,
    models=lazy(*MODELS, "tests.contrib.admin.drawer_of_postgresql.models:Lists"),
    admin_views=lazy(*VIEWS, "tests.contrib.admin.drawer_of_postgresql.admin:ListsAdmin"),
)
