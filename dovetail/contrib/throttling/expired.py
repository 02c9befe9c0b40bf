"""The expired buckets, which `purge-expired` deletes."""

from sqlalchemy import ColumnElement

from dovetail.contrib.throttling.models import Bucket
from dovetail.contrib.throttling.statements import now
from dovetail.plugin import Context


def is_over(context: Context) -> ColumnElement[bool]:
    """Return the condition on buckets whose time has passed."""
    return Bucket.until <= now(context.database.engine.dialect)


EXPIRED = ("limit bucket", Bucket, is_over)
