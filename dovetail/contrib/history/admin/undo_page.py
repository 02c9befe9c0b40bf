"""The "Undo" button of messages about changes and deletions, and the route that the button posts to."""

from http import HTTPStatus

from sqladmin import BaseView, expose
from sqladmin.flash import Flash
from sqlalchemy import Select, func, select
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from dovetail.contrib.admin.permissions import user_of
from dovetail.contrib.admin.request_context import request_context
from dovetail.contrib.admin.web.rendering import path_for
from dovetail.contrib.history.admin.titles import view_of
from dovetail.contrib.history.admin.undoing import REFUSED, chosen_change, undo_or_tell, undone_in_words
from dovetail.contrib.history.models import ChangeAction, RecordedChange
from dovetail.contrib.history.recording.log import history_log
from dovetail.contrib.history.recording.transactions import in_current_transaction
from dovetail.translation.texts import gettext_lazy

SUCCESS = "success"  # the category of messages about changes


async def attach_undo(request: Request) -> None:
    """Attach to the last success message the id of the last change of this transaction, for its undo button."""
    messages: list[dict[str, str]] = request.scope["session"].get("_messages", [])
    session = request_context().session
    if not messages or messages[-1]["category"] != SUCCESS or not history_log(session).undo_days:
        return
    await session.flush()
    is_own = in_current_transaction(session.get_bind().dialect.name)
    last = await session.scalar(select(func.max(RecordedChange.id)).where(is_own))
    if last is not None:
        messages[-1]["undo"] = str(last)


class UndoPage(BaseView):
    """The route that the undo button posts to: it undoes a change of the user's own, and has no menu entry."""

    name = gettext_lazy("Undo")

    def is_visible(self, request: Request) -> bool:  # noqa: ARG002 - SQLAdmin's signature
        """Return False: there is no page to show."""
        return False

    @expose("/undo", methods=["POST"], identity="undo")
    async def act(self, request: Request) -> Response:
        """Undo the change that the form names, and redirect to the list of such objects."""
        change = await chosen_change(request, _own(request))
        count = await undo_or_tell(request, change)
        if count is None:
            return RedirectResponse(_history_of(request, change), HTTPStatus.SEE_OTHER)
        Flash.success(request, undone_in_words(count))
        return RedirectResponse(_list_of(request, change), HTTPStatus.SEE_OTHER)


def _own(request: Request) -> Select[RecordedChange]:
    return select(RecordedChange).where(RecordedChange.actor_id == user_of(request).id)


def _history_of(request: Request, change: RecordedChange) -> str:
    """Return the URL of the object's history page; that of its list if the user may not see that page."""
    view = view_of(request, change.model)
    if view is None or (change.action == ChangeAction.DELETE and not user_of(request).is_superuser):
        return _list_of(request, change)
    address = path_for(request, "admin:object-history", change.object_key, identity=view.identity)
    return f"{address}?{REFUSED}={change.id}"


def _list_of(request: Request, change: RecordedChange) -> str:
    """Return the URL of the list of the changed objects; that of the dashboard if they have no view."""
    view = view_of(request, change.model)
    if view is None:
        return str(request.url_for("admin:index").path)
    return str(request.url_for("admin:list", identity=view.identity).path)
