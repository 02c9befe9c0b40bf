"""Undo in the message that tells of a change or a deletion, and the address to which its button leads."""

from http import HTTPStatus

from sqladmin import BaseView, expose
from sqladmin.flash import Flash
from sqlalchemy import Select, func, select
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from dovetail.contrib.admin.permissions import rights_of, user_of
from dovetail.contrib.admin.request_context import request_context
from dovetail.contrib.history.admin.undoing import chosen_change, undo_for
from dovetail.contrib.history.models import RecordedChange
from dovetail.contrib.history.recording.log import HistoryLog
from dovetail.contrib.history.transactions import are_own
from dovetail.database.change_log import CHANGE_LOG
from dovetail.translation.texts import gettext, gettext_lazy

SUCCESS = "success"  # the category of messages that tell of changes


async def offer_undo(request: Request) -> None:
    """Note in the last message of success which change can be undone: the last of this transaction."""
    messages: list[dict[str, str]] = request.scope["session"].get("_messages", [])
    session = request_context().session
    log = CHANGE_LOG.find(session.info)
    if not messages or messages[-1]["category"] != SUCCESS or not isinstance(log, HistoryLog) or not log.undo_days:
        return
    await session.flush()
    is_own = are_own(session.get_bind().dialect.name)
    last = await session.scalar(select(func.max(RecordedChange.id)).where(is_own))
    if last is not None:
        messages[-1]["undo"] = str(last)


class UndoPage(BaseView):
    """The address of the button: it stands in no menu, and undoes what one did oneself."""

    name = gettext_lazy("Undo")

    def is_visible(self, request: Request) -> bool:  # noqa: ARG002 - SQLAdmin's signature
        """Return False: it is no page to look at."""
        return False

    @expose("/undo", methods=["POST"], identity="undo")
    async def act(self, request: Request) -> Response:
        """Undo the change that the form names, and lead to the list of such objects."""
        change = await chosen_change(request, _own(request))
        count = await undo_for(request, change)
        told = (
            gettext("The change was undone.")
            if count == 1
            else gettext("The change was undone, with %(count)s changes in all.") % {"count": count}
        )
        Flash.success(request, told)
        return RedirectResponse(_list_of(request, change), HTTPStatus.SEE_OTHER)


def _own(request: Request) -> Select[RecordedChange]:
    return select(RecordedChange).where(RecordedChange.actor_id == user_of(request).id)


def _list_of(request: Request, change: RecordedChange) -> str:
    """Return the address of the list of the objects that were changed; that of the first page if there is none."""
    log = CHANGE_LOG.find(request_context().session.info)
    tables = log.recorded.tables.values() if isinstance(log, HistoryLog) else ()
    models = (one.model for one in tables if one.label == change.model and one.model is not None)
    view = next((found for model in models if (found := rights_of(request).view_of(model)) is not None), None)
    if view is None:
        return str(request.url_for("admin:index").path)
    return str(request.url_for("admin:list", identity=view.identity).path)
