"""What can go wrong with a migration; every message names the revision or the plugin, and what to do."""

from dovetail.errors import DovetailError


class MigrationError(DovetailError):
    """A migration could not be made or applied."""
