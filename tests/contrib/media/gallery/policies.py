"""Pictures that are shown are everybody's; all others are for staff."""

from sqlalchemy import ColumnElement, true
from typing_extensions import override

from dovetail.contrib.auth.access import UserPolicy
from dovetail.contrib.auth.models import User
from tests.contrib.media.gallery.models import Picture


class PicturePolicy(UserPolicy[Picture]):
    @override
    def where(self, viewer: User | None, action: str) -> ColumnElement[bool]:
        if viewer is not None and viewer.is_staff:
            return true()
        return Picture.is_shown if action == "view" else super().where(viewer, action)

    @override
    def hidden(self, viewer: User | None) -> frozenset[str]:
        return frozenset({"scan"} if viewer is None else ())


PICTURES = PicturePolicy()
