"""Undo changes in the back office: which changes can be undone, by whom, and how many belong together."""

from collections.abc import Collection, Mapping, Sequence
from http import HTTPStatus

from sqladmin.flash import Flash
from sqlalchemy import Select, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.exceptions import HTTPException
from starlette.requests import Request

from dovetail.contrib.admin.pages.extras import ObjectOfPage
from dovetail.contrib.admin.permissions import rights_of
from dovetail.contrib.admin.request_context import request_context
from dovetail.contrib.admin.rules.rules import rules_of
from dovetail.contrib.history.admin.rights import AdminAuthorizer
from dovetail.contrib.history.models import ChangeAction, RecordedChange
from dovetail.contrib.history.recording.log import history_log
from dovetail.contrib.history.recording.transactions import in_transactions
from dovetail.contrib.history.undoing.undo import earliest, undo
from dovetail.errors import ConflictError, PermissionDeniedError
from dovetail.translation.texts import gettext

REFUSED = "refused"  # query parameter of a history page: the change whose undo was refused
DIGITS = 18  # the most digits that always fit into 64 bits


def is_number(text: str) -> bool:
    """Return whether a text from a request is the id of a change."""
    return text.isascii() and text.isdecimal() and len(text) <= DIGITS


async def count_other_changes(session: AsyncSession, changes: Sequence[RecordedChange]) -> Mapping[int, int]:
    """Return, by the id of each change that can still be undone, how many other changes its transaction made."""
    since = earliest(history_log(session))
    possible = {one.transaction for one in changes if one.transaction and one.created_at >= since}
    if not possible:
        return {}
    number = RecordedChange.transaction
    counted = (
        select(number, func.count()).where(in_transactions(possible, session.get_bind().dialect.name)).group_by(number)
    )
    counts = {row[0]: row[1] - 1 for row in await session.execute(counted)}
    return {one.id: counts[one.transaction] for one in changes if one.transaction in counts}


async def undoable_actions(request: Request, shown: ObjectOfPage) -> Collection[str]:
    """Return the actions whose opposite the user may perform on an object, in any view of its model.

    Permissions for the other changes of the same transaction are checked only when the user undoes them.
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
    """Return the change that the form names. Raise HTTPException 404 unless `among` selects it."""
    number = str((await request.form()).get("change", ""))
    chosen = RecordedChange.id == (int(number) if is_number(number) else 0)
    change = (await request_context().session.scalars(among.where(chosen))).one_or_none()
    if change is None:
        raise HTTPException(HTTPStatus.NOT_FOUND)
    return change


async def undo_or_tell(request: Request, change: RecordedChange) -> int | None:
    """Undo a change for the user of the request, and return how many changes were undone.

    If it is refused, show the reason as a message on the next page, and return None. Nothing is written then.
    """
    session = request_context().session
    try:
        return await undo(session, history_log(session), change, AdminAuthorizer(request))
    except (ConflictError, PermissionDeniedError) as error:
        Flash.error(request, error.detail)
        return None


def undone_in_words(count: int) -> str:
    """Return the message that a change was undone, with the number of changes if there were several."""
    if count == 1:
        return gettext("The change was undone.")
    return gettext("The change was undone, with %(count)s changes in all.") % {"count": count}
