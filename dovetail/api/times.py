"""Points in time, in a module that imports neither pydantic nor FastAPI."""

from datetime import UTC, datetime


def in_utc(value: datetime) -> datetime:
    """Return the same moment in UTC; one without a zone is taken as UTC. Raise ValueError if UTC cannot hold it."""
    try:
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
    except OverflowError:
        raise ValueError("the time lies outside the years 1 to 9999 in UTC") from None
