"""A plugin with views that have odd options."""

from dovetail.plugin import Plugin
from tests.contrib.admin.oddities.table import views

plugin = Plugin(name="oddities", depends_on=("drawer",), admin_views=tuple(views()))
