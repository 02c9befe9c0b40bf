"""Who may change what in odd rows."""

from sqlalchemy import ColumnElement, true
from typing_extensions import override

from dovetail.contrib.auth.access import UserPolicy
from dovetail.contrib.auth.models import User
from tests.contrib.admin.drawer.models import Odd


class OddPolicy(UserPolicy[Odd]):
    """Everybody may read how a row is processed; nobody but superusers may say it."""

    @override
    def where(self, viewer: User | None, action: str) -> ColumnElement[bool]:
        return true()

    @override
    def read_only(self, viewer: User | None) -> frozenset[str]:
        return frozenset() if viewer is not None and viewer.is_superuser else frozenset({"process"})


ODDS = OddPolicy()
