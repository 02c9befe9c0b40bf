"""Points in time, for those who need no schemas and so no FastAPI."""

from datetime import UTC, datetime


def in_utc(value: datetime) -> datetime:
    """The same moment in UTC; without a zone it is taken as UTC. Raises ValueError if UTC cannot hold it."""
    try:
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
    except OverflowError:
        raise ValueError("the time lies outside the years 1 to 9999 in UTC") from None
