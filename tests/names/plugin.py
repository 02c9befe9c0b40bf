"""A plugin whose tables and columns have every kind of name, and every kind of counter."""

from dovetail.plugin import Plugin
from tests.names.models import Counted, Order, Selected

plugin = Plugin(name="names", models=(Order, Selected, Counted))
