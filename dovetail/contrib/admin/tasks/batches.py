"""Do a task with many objects: some hundred at a time, in one transaction, whole or not at all.

What fails undoes all of it, and the object at which it failed is found and named.
"""

from collections.abc import Callable, Mapping, Sequence, Sized
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass, field
from http import HTTPStatus

from sqladmin.authorization import Action
from sqlalchemy.ext.asyncio import AsyncSessionTransaction
from sqlalchemy.orm.attributes import instance_state
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from dovetail.contrib.admin.actions.task import Task, TaskFailedError
from dovetail.contrib.admin.request_context import request_context
from dovetail.contrib.admin.rules.rules import rules_of
from dovetail.contrib.admin.tasks.selection import Selected
from dovetail.contrib.admin.tasks.taking import asks_about_each_object, take
from dovetail.contrib.admin.view_base import ViewBase
from dovetail.contrib.admin.web.error_messages import message_for
from dovetail.contrib.admin.web.responses import check_outcome, is_refusal, sendable
from dovetail.contrib.admin.writing.first_try import FirstTryError
from dovetail.contrib.admin.writing.selected_rows import SelectedRows
from dovetail.contrib.admin.writing.updating import write_together
from dovetail.errors import ConflictError, PermissionDeniedError
from dovetail.translation import formats
from dovetail.translation.texts import gettext, in_sentence

BATCH = 500  # objects
UNREAD = 2_500  # rows at a time of which no object was loaded of those before: what each batch costs is paid less often


class _RefusedError(Exception):
    """The user may not do the task with these objects, for the reason that caused this."""


class _NoSavepoint:
    """Stands for the savepoint of a task that is done without."""

    async def rollback(self) -> None:
        """Have all of it undone. Raise FirstTryError."""
        raise FirstTryError


@dataclass(frozen=True)
class Run:
    """One time that a task is done with selected objects; `report` is told how many are done."""

    request: Request
    task: Task
    selected: Selected
    data: Mapping[str, object] = field(default_factory=dict)
    report: Callable[[int, int], None] = lambda _done, _of: None
    in_savepoints: bool = True

    async def do(self) -> str | Response:
        """Return what to tell the user, or what to send; of a Response that refuses, nothing was kept.

        Raise TaskFailedError with the sentence for the user; PermissionDeniedError and HTTPException (403) for what
        they may not do; and what only an operator can mend, as it is. Raise FirstTryError for whatever else fails that
        was not to be done in savepoints.
        """
        count = len(self.selected.identifiers)
        try:
            async with self._savepoint() as everything:
                outcome = await self._do_all()
                if is_refusal(outcome):
                    await everything.rollback()
        except Exception as error:
            request_context().after_commit.tasks.clear()
            if isinstance(error, _RefusedError) and error.__cause__ is not None:
                raise error.__cause__ from None
            told = message_for(error, self.task.view)
            if told.is_ours or (told.is_too_slow and not self.in_savepoints):
                raise
            raise (TaskFailedError(told.message) if self.in_savepoints else FirstTryError) from error
        if isinstance(outcome, Response) or (outcome and count <= self._size):
            return outcome
        done, value = self.task.kind.done, counted(self.task, count)
        return (
            done.format(value)
            if done
            else gettext("%(label)s: done with %(value)s.") % {"label": self.task.label, "value": value}
        )

    async def _do_all(self) -> str | Response | None:
        so_far, count, size = 0, len(self.selected.identifiers), self._size
        outcome: str | Response | None = None
        while so_far < count:
            batch = self.selected.part(so_far, size)
            rows, outcome = await self._do_batch(batch)
            so_far += len(batch.identifiers)
            size = max(size, UNREAD) if rows.loaded is None else self._size
            self.report(so_far, count)
            self._check_answer(outcome, so_far)
        return outcome

    def _savepoint(self) -> "AbstractAsyncContextManager[AsyncSessionTransaction | _NoSavepoint]":
        return request_context().session.begin_nested() if self.in_savepoints else nullcontext(_NoSavepoint())

    def _check_answer(self, outcome: object, done: int) -> None:
        if isinstance(outcome, Response) and done < len(self.selected.identifiers):
            raise ConflictError(
                gettext("This answers with a page or a file: select %(batch)s or fewer.") % {"batch": BATCH}
            )

    @property
    def _size(self) -> int:
        return BATCH if self.task.kind.is_batched else max(len(self.selected.identifiers), 1)

    async def _do_batch(self, batch: Selected) -> tuple[SelectedRows, str | Response | None]:
        rows = await take(self.request, self.task, batch)
        rows.in_savepoint = self.in_savepoints
        check_there(rows, batch.identifiers)
        try:
            await check_rows(self.request, self.task, rows)
        except (HTTPException, PermissionDeniedError) as error:
            raise _RefusedError from error
        try:
            return rows, await self._try(rows)
        except TaskFailedError:
            raise
        except Exception as error:
            told = message_for(error, self.task.view)
            if told.is_ours or len(rows) == 1 or told.is_too_slow or not self.in_savepoints:
                raise
            culprit = await self._find_failing_object(batch.identifiers)
            raise TaskFailedError(
                gettext("%(message)s That was at %(culprit)s.") % {"message": told.message, "culprit": culprit}
                if culprit
                else told.message
            ) from error

    async def _try(self, rows: SelectedRows) -> str | Response | None:
        source = f"the action {self.task.label!r} of {type(self.task.view).__name__}"
        async with self._savepoint():
            outcome = await self.task.apply(rows, self.data)
            if not self.in_savepoints and (rows.has_failed or not request_context().session.is_active):
                raise FirstTryError  # whatever the action made of it
            check_outcome(outcome, source)
            await write_together(request_context().session, self.task.view.model, rows.loaded or ())
            await _check_changed(self.request, self.task, rows)
            await request_context().session.flush()
            return await sendable(outcome, source) if isinstance(outcome, Response) else outcome

    async def _find_failing_object(self, identifiers: Sequence[str]) -> str | None:
        """Return what the object at which the task fails is called: the half that fails is halved again.

        None if it does not fail again, as where another transaction was in the way.
        """
        left = list(identifiers)
        while left:
            half = left[: max(len(left) // 2, 1)]
            rows = await take(self.request, self.task, Selected(half))
            title = self.task.view.short_title_of((await rows.objects())[0]) if len(half) == len(rows) == 1 else None
            if await self._is_well(rows):
                left = left[len(half) :]
            elif title is not None:
                return title
            else:
                left = half
        return None

    async def _is_well(self, rows: SelectedRows) -> bool:
        try:
            await self._try(rows)
        except Exception:  # noqa: BLE001 - it failed before, with what was told of it
            return False
        return True


def check_there(rows: Sized, identifiers: Sequence[str]) -> None:
    """Raise TaskFailedError unless all objects with these identifiers were found."""
    gone = len(identifiers) - len(rows)
    if gone:
        raise TaskFailedError(
            gettext("%(gone)s of %(count)s selected are not there any more.")
            % {"gone": gone, "count": len(identifiers)}
        )


def counted(task: Task, count: int) -> str:
    """Return how many objects these are, in words."""
    return f"{formats.number(count)} {in_sentence(task.view.name if count == 1 else task.view.name_plural)}"


async def check_permissions(request: Request, task: Task, rows: Sequence[object]) -> None:
    """Raise PermissionDeniedError, or HTTPException (403), unless the user may do the task with all these objects."""
    rules = rules_of(request)
    rule = task.view.rule_for(rules, task.action)
    await rules.check(request_context().session, task.view.model, rule, rows)
    if task.action == Action.DELETE:
        answers = [await task.view.check_can_delete(request, row) for row in rows]
    else:
        answers = [task.view.has_permission(request, task.action, row) for row in _asked_about(task.view, rows)]
    if not all(answers):
        raise HTTPException(HTTPStatus.FORBIDDEN)


async def check_rows(request: Request, task: Task, rows: SelectedRows) -> None:
    """Raise as `check_permissions` does, of rows whose objects need not be loaded."""
    if rows.loaded is not None:
        await check_permissions(request, task, rows.loaded)
        return
    rules, view = rules_of(request), task.view
    await rules.check_keys(request_context().session, view.model, view.rule_for(rules, task.action), rows.keys)
    if not view.has_permission(request, task.action):
        raise HTTPException(HTTPStatus.FORBIDDEN)


def _asked_about(view: ViewBase, rows: Sequence[object]) -> Sequence[object]:
    """Return the rows about which to ask a view that its rules allow: all, where it overrides what it is asked by.

    Otherwise its answer is the same for each, and one speaks for all.
    """
    return rows if asks_about_each_object(view) else rows[:1]


async def _check_changed(request: Request, task: Task, rows: SelectedRows) -> None:
    """Raise PermissionDeniedError if an action made a row what its user may not make of it."""
    rules, session, model = rules_of(request), request_context().session, task.view.model
    if task.view.rule_for(rules, task.action) != "change":
        return
    await session.flush()
    if rows.loaded is None:
        await rules.check_keys(session, model, "change", rows.keys)
    else:
        await rules.check(session, model, "change", [row for row in rows.loaded if instance_state(row).persistent])
