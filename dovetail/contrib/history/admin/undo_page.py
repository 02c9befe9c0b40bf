"""Undo in the message that tells of a change or a deletion, and the address to which its button leads."""

from http import HTTPStatus

from sqladmin import BaseView, expose
from sqladmin.flash import Flash
from sqlalchemy import Select, func, select
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from dovetail.contrib.admin.permissions import rights_of, user_of
from dovetail.contrib.admin.request_context import request_context
from dovetail.contrib.history.admin.lines import recorded
from dovetail.contrib.history.admin.undoing import chosen_change, undo_for, undone_in_words
from dovetail.contrib.history.models import RecordedChange
from dovetail.contrib.history.recording.log import history_log
from dovetail.contrib.history.transactions import are_own
from dovetail.translation.texts import gettext_lazy

SUCCESS = "success"  # the category of messages that tell of changes


async def offer_undo(request: Request) -> None:
    """Note in the last message of success which change can be undone: the last of this transaction."""
    messages: list[dict[str, str]] = request.scope["session"].get("_messages", [])
    session = request_context().session
    if not messages or messages[-1]["category"] != SUCCESS or not history_log(session).undo_days:
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
        Flash.success(request, undone_in_words(await undo_for(request, change)))
        return RedirectResponse(_list_of(request, change), HTTPStatus.SEE_OTHER)


def _own(request: Request) -> Select[RecordedChange]:
    return select(RecordedChange).where(RecordedChange.actor_id == user_of(request).id)


def _list_of(request: Request, change: RecordedChange) -> str:
    """Return the address of the list of the objects that were changed; that of the first page if there is none."""
    table = recorded().labelled(change.model)
    view = None if table is None or table.model is None else rights_of(request).view_of(table.model)
    if view is None:
        return str(request.url_for("admin:index").path)
    return str(request.url_for("admin:list", identity=view.identity).path)
