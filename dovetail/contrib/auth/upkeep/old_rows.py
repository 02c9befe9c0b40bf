"""Conditions on old security events and undeliverable mail, which `manage.py purge-expired` deletes."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import ColumnElement

from dovetail.contrib.auth.events.models import SecurityEvent
from dovetail.contrib.auth.mail.models import OutgoingMail
from dovetail.contrib.auth.settings import AuthSettings
from dovetail.plugin import Context


def is_old(context: Context) -> ColumnElement[bool]:
    """Return the condition on events that are older than AUTH_EVENTS_DAYS."""
    return SecurityEvent.created_at < _limit(context)


def is_undeliverable(context: Context) -> ColumnElement[bool]:
    """Return the condition on mail that was given up and is older than AUTH_EVENTS_DAYS."""
    return OutgoingMail.due_at.is_(None) & (OutgoingMail.created_at < _limit(context))


def _limit(context: Context) -> datetime:
    return datetime.now(UTC) - timedelta(days=AuthSettings.of(context.plugin_settings).events_days)


EVENTS = ("security event", SecurityEvent, is_old)
MAIL = ("undeliverable mail", OutgoingMail, is_undeliverable)
