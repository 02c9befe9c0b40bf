"""The dates of an export: UTC, local time or an RSS date, and "0000-00-00 00:00:00" for none."""

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from plugins.wordpress.export.nodes import Node

# A draft without a date has a pubDate in the year -0001, which the e-mail package reads as 2000, or at the epoch.
NO_DATE = re.compile(r".* -\d+ \d\d:.*|.*, 01 Jan 1970 00:00:00 .*")


def first_date(node: Node, *tags: str) -> datetime | None:
    """Return the date in the first of these children that holds one, in UTC.

    WordPress's own form has no zone; the tags that end in `_gmt` are UTC, and local time is taken for UTC too, since
    no export names its zone. `pubDate` has the form of RFC 5322.
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
