"""A plugin whose tables have a column of every kind and refer to one another in every way."""

from dovetail.plugin import Plugin
from tests.kinds.models import Group, Thing

plugin = Plugin(name="kinds", models=(Group, Thing))
