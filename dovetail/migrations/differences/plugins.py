"""The plugins of Alembic's autogenerate: what is compared beyond what Alembic compares itself."""

from alembic.runtime.plugins import Plugin

from dovetail.migrations.bridge.postgresql import exclusions
from dovetail.migrations.bridge.sqlite import unread_indexes

PLUGINS = ["alembic.autogenerate.*", "alembic.ext.checkconstraint_byname", "dovetail.*"]

_TABLES = Plugin("dovetail.tables")
_TABLES.add_autogenerate_comparator(unread_indexes.compare, "table", "unread indexes", qualifier="sqlite")
_TABLES.add_autogenerate_comparator(exclusions.compare, "table", "exclusions", qualifier="postgresql")
