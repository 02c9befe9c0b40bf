"""Parse the dates of an export: UTC, local time or an RSS date; "0000-00-00 00:00:00" means no date."""

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from plugins.wordpress.export.nodes import Node

# A draft without a date has a pubDate in the year -0001, which the email package reads as 2000, or at the epoch.
NO_DATE = re.compile(r".* -\d+ \d\d:.*|.*, 01 Jan 1970 00:00:00 .*")


def first_date(node: Node, *tags: str) -> datetime | None:
    """Return the date in the first of these child elements that has a valid one, in UTC.

    Elements whose names end in `_gmt` are UTC. Local times are taken as UTC, since exports do not name their time zone.
    `pubDate` has the format of RFC 5322.
    """
    return next((found for tag in tags if (found := _parse(tag, node.word(tag)))), None)


def _parse(tag: str, text: str) -> datetime | None:
    if tag == "pubDate" and NO_DATE.fullmatch(text):
        return None
    try:
        found = parsedate_to_datetime(text) if tag == "pubDate" else datetime.fromisoformat(text)
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError, TypeError):
        return None
