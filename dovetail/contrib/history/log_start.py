"""Find out whether the log needs a name, by which a position in it is recognized.

The history's `Plugin.after_migrate` asks this at each `migrate`. So nothing here imports SQLAlchemy.
"""

from dovetail.plugin import Execute, Migrated

LOWEST = -(2**63)  # below the numbers of all transactions
NO_ROW = "The table history_log_start has no row; run `manage.py migrate`, which inserts it."


def is_due(execute: Execute, migrated: Migrated) -> bool:
    """Return whether the log has no name yet, or `flush` has emptied it."""
    return "history" in migrated.applied and not list(execute("SELECT log FROM history_log_start"))
