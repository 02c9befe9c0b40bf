"""The condition on expired buckets, which `purge-expired` deletes."""

from sqlalchemy import ColumnElement

from dovetail.contrib.throttling.models import Bucket
from dovetail.contrib.throttling.statements import now
from dovetail.plugin import Context


def is_over(context: Context) -> ColumnElement[bool]:
    """Return the condition on expired buckets."""
    return Bucket.until <= now(context.database.engine.dialect)


EXPIRED = ("limit bucket", Bucket, is_over)
