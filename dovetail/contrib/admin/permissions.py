"""Who may do what in the back office: one function, asked by every page."""

from typing import Any

from sqladmin.authorization import AuthorizationBackend
from starlette.requests import Request

from dovetail.contrib.auth.models import User


def may(user: User, view: str, action: str, obj: Any | None = None) -> bool:
    """Whether `user` may do `action` on the view with this identity, or there on `obj` alone.

    Actions are `list`, `details`, `create`, `edit`, `delete`, `export` and `action:<name>`. Asked once a row, so it
    must not read the database. Today staff may do everything.
    """
    del view, action, obj
    return user.is_active and user.is_staff


class Authorization(AuthorizationBackend):
    """Asks `may` about the user of the request; without one the answer is no."""

    def has_permission(self, request: Request, identity: str, action: str, obj: Any | None = None) -> bool:
        """Whether the user of this request may do it."""
        user: User | None = getattr(request.state, "user", None)
        return user is not None and may(user, identity, action, obj)
