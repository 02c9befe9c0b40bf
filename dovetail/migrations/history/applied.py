"""One line of the ledger, for those who do without SQLAlchemy too."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, kw_only=True)
class Applied:
    """One applied revision."""

    revision: str
    plugin: str
    down_revisions: tuple[str, ...]
    depends_on: tuple[str, ...]
    applied_at: datetime
