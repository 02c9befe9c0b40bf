"""Actions on selected rows: a POST with a token, on rows the user may touch, in the request's one transaction."""

from collections.abc import Awaitable, Callable, Sequence
from functools import wraps
from inspect import iscoroutinefunction
from typing import TYPE_CHECKING, Any, cast

from sqladmin import action as sqladmin_action
from sqladmin.authorization import custom_action
from sqladmin.helpers import slugify_action_name
from starlette.requests import Request
from starlette.responses import Response

from dovetail.contrib.admin.pages import selection
from dovetail.contrib.admin.pages.selection import Task
from dovetail.contrib.admin.views import ModelAdmin

if TYPE_CHECKING:
    from dovetail.contrib.admin.site import AdminSite

ActionMethod = Callable[[Any, Request, Sequence[Any]], Awaitable[str | Response | None]]


def action(name: str, label: str, *, confirmation_message: str | None = None) -> Callable[[ActionMethod], Any]:
    """Make a method of a view an action of its list and of its objects' pages.

        @action("approve", "Approve")
        async def approve(self, request: Request, comments: Sequence[Comment]) -> str:
            for comment in comments:
                comment.status = CommentStatus.APPROVED
            return f"{len(comments)} comments approved."

    It returns what to tell the user, nothing, or a Response, such as a file; a stream reads what it needs before its
    first piece. With `confirmation_message` the user is asked first. To undo everything and tell the user why it raises
    an error of `dovetail.errors`; a Response of status 400 or above undoes everything too, and so does anything that
    cannot be sent. Permission is asked for `action:<name>` on each row. Raises TypeError for a plain function.
    """

    def decorate(method: ActionMethod) -> Any:
        if not iscoroutinefunction(method):
            raise TypeError(f"the action {name!r} is a plain function; write async def {method.__name__}(...)")

        @wraps(method)
        async def run(view: ModelAdmin, request: Request) -> Response:
            async def apply(rows: Sequence[Any]) -> str | Response | None:
                return await method(view, request, rows)

            slug = slugify_action_name(name)
            task = Task(action=custom_action(slug), label=label, apply=apply, question=confirmation_message)
            site = cast("AdminSite", view._admin_ref)  # noqa: SLF001 - SQLAdmin offers no other way
            return await selection.run(site, request, view, task)

        decorated = sqladmin_action(name, label, confirmation_message)(run)
        decorated._posts = True  # noqa: SLF001 - read by view_checks
        return decorated

    return decorate
