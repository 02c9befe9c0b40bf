"""Undo changes in the back office: which can be undone yet, with how many others, and for whom."""

from collections.abc import Collection, Mapping, Sequence
from http import HTTPStatus

from sqladmin.flash import Flash
from sqlalchemy import Select, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.exceptions import HTTPException
from starlette.requests import Request

from dovetail.contrib.admin.pages.extras import ShownObject
from dovetail.contrib.admin.permissions import rights_of
from dovetail.contrib.admin.request_context import request_context
from dovetail.contrib.admin.rules.rules import rules_of
from dovetail.contrib.history.admin.rights import OfficeJudge
from dovetail.contrib.history.models import ChangeAction, RecordedChange
from dovetail.contrib.history.recording.log import history_log
from dovetail.contrib.history.recording.origin import UNDOES
from dovetail.contrib.history.transactions import are_of
from dovetail.contrib.history.undoing.undo import earliest, undo
from dovetail.errors import ConflictError, PermissionDeniedError
from dovetail.state import note_of_request
from dovetail.translation.texts import gettext

REFUSED = "refused"  # in the address of a page of changes: which of them could not be undone just now
DIGITS = 18  # of a number that fits into 64 bits


def is_number(text: str) -> bool:
    """Return whether a text of a request is the number of a line."""
    return text.isascii() and text.isdecimal() and len(text) <= DIGITS


async def count_beside(session: AsyncSession, changes: Sequence[RecordedChange]) -> Mapping[int, int]:
    """Return how many lines there are beside each change that can be undone yet in its transaction, by its number."""
    since = earliest(history_log(session))
    possible = {one.transaction for one in changes if one.transaction and one.created_at >= since}
    if not possible:
        return {}
    number = RecordedChange.transaction
    counted = select(number, func.count()).where(are_of(possible, session.get_bind().dialect.name)).group_by(number)
    counts = {row[0]: row[1] - 1 for row in await session.execute(counted)}
    return {one.id: counts[one.transaction] for one in changes if one.transaction in counts}


async def undoable_actions(request: Request, shown: ShownObject) -> Collection[str]:
    """Return the kinds of changes of an object of which the user may do the opposite to it, in any view of its model.

    What else was done in the same transaction is asked about once somebody wants to undo it.
    """
    model, rights, rules = shown.view.model, rights_of(request), rules_of(request)
    if shown.obj is not None:
        await rules.load(request_context().session, model, ["change", "delete"], [shown.obj])
    views = [one for one in rights.views_of(model) if one.is_accessible(request)]
    opposites = {ChangeAction.ADD: ("delete", shown.obj), ChangeAction.CHANGE: ("edit", shown.obj)}
    opposites[ChangeAction.DELETE] = ("create", None)
    return [
        action
        for action, (door, obj) in opposites.items()
        if any(one.has_permission(request, door, obj) for one in views)
    ]


async def chosen_change(request: Request, among: Select[RecordedChange]) -> RecordedChange:
    """Return the change that the form of a request names. Raise HTTPException, 404, unless it is among these."""
    number = str((await request.form()).get("change", ""))
    chosen = RecordedChange.id == (int(number) if is_number(number) else 0)
    change = (await request_context().session.scalars(among.where(chosen))).one_or_none()
    if change is None:
        raise HTTPException(HTTPStatus.NOT_FOUND)
    return change


async def undo_or_tell(request: Request, change: RecordedChange) -> int | None:
    """Undo a change for the user of a request, and return how many lines that were.

    If that is refused, leave the reason as a message for the page that follows, and return None: nothing was written.
    """
    session = request_context().session
    try:
        async with session.begin_nested():
            return await undo(session, history_log(session), change, OfficeJudge(request))
    except (ConflictError, PermissionDeniedError) as error:
        note_of_request(UNDOES, None)
        Flash.error(request, error.detail)
        return None


def undone_in_words(count: int) -> str:
    """Return the message that a change was undone, and with how many others if they were several."""
    if count == 1:
        return gettext("The change was undone.")
    return gettext("The change was undone, with %(count)s changes in all.") % {"count": count}
