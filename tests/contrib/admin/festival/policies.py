from sqlalchemy import ColumnElement, false, true
from typing_extensions import override

from dovetail.contrib.auth.access import UserPolicy
from dovetail.contrib.auth.models import User
from tests.contrib.admin.festival.models import Booking, Stage


class BookingPolicy(UserPolicy[Booking]):
    """Who is no superuser knows of no secret booking, changes none above 1000, deletes cheap ones, and sets no fee."""

    @override
    def where(self, viewer: User | None, action: str) -> ColumnElement[bool]:
        if viewer is not None and viewer.is_superuser:
            return true()
        return {
            "view": Booking.is_secret.is_(False),
            "add": Booking.is_secret.is_(False),
            "change": Booking.fee <= 1000,
            "delete": Booking.fee < 100,
        }.get(action, super().where(viewer, action))

    @override
    def read_only(self, viewer: User | None) -> frozenset[str]:
        return frozenset() if viewer is not None and viewer.is_superuser else frozenset({"fee"})


class StagePolicy(UserPolicy[Stage]):
    """Stages are looked at by all, and built by superusers."""

    @override
    def where(self, viewer: User | None, action: str) -> ColumnElement[bool]:
        return true() if action == "view" or (viewer is not None and viewer.is_superuser) else false()


BOOKINGS, STAGES = BookingPolicy(), StagePolicy()
