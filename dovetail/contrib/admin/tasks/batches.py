"""Run a task on many objects: in batches of some hundred, in one transaction, all or nothing.

A failure rolls everything back, and the message names the object at which it occurred.
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
from dovetail.contrib.admin.tasks.taking import checks_each_object, take
from dovetail.contrib.admin.view_base import ViewBase
from dovetail.contrib.admin.web.error_messages import message_for
from dovetail.contrib.admin.web.responses import check_outcome, is_refusal, sendable
from dovetail.contrib.admin.writing.first_try import WithoutSavepointsError
from dovetail.contrib.admin.writing.selected_rows import SelectedRows
from dovetail.contrib.admin.writing.updating import write_together
from dovetail.errors import ConflictError, PermissionDeniedError
from dovetail.resources.write.own_tables.earlier import forget_rows, keeps_rows
from dovetail.translation import formats
from dovetail.translation.texts import gettext, in_sentence

BATCH = 500  # objects
UNREAD = 2_500  # rows in a batch without objects: larger, since each batch has a fixed cost


class _RefusedError(Exception):
    """The user may not do the task with these objects; `__cause__` has the reason."""


class _NoSavepoint:
    """Takes the place of the savepoint of a task that runs without one."""

    async def rollback(self) -> None:
        """Raise WithoutSavepointsError, which rolls the whole transaction back."""
        raise WithoutSavepointsError


@dataclass(frozen=True)
class Run:
    """One run of a task on selected objects; `report` is called with the number of finished ones."""

    request: Request
    task: Task
    selected: Selected
    data: Mapping[str, object] = field(default_factory=dict)
    report: Callable[[int, int], None] = lambda _done, _of: None
    in_savepoints: bool = True

    async def do(self) -> str | Response:
        """Run the task, and return the message for the user or a Response; an error status rolls back.

        Raise TaskFailedError with the message for the user, PermissionDeniedError or HTTPException (403) if they may
        not do it, and other errors unchanged if only an operator can fix them. Raise WithoutSavepointsError for any
        other error if the run has no savepoints.
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
            raise (TaskFailedError(told.message) if self.in_savepoints else WithoutSavepointsError) from error
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
            forget_rows(request_context().session)  # of the batch before
            rows, outcome = await self._do_batch(batch)
            so_far += len(batch.identifiers)
            is_light = rows.loaded is None and not keeps_rows(request_context().session)
            size = max(size, UNREAD) if is_light else self._size
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
                raise WithoutSavepointsError  # the action may have changed it
            check_outcome(outcome, source)
            await write_together(request_context().session, self.task.view.model, rows.loaded or ())
            await _check_changed(self.request, self.task, rows)
            await request_context().session.flush()
            return await sendable(outcome, source) if isinstance(outcome, Response) else outcome

    async def _find_failing_object(self, identifiers: Sequence[str]) -> str | None:
        """Return the title of the object at which the task fails, by bisection.

        Return None if it does not fail again, for instance after a conflict with another transaction.
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
        except Exception:  # noqa: BLE001 - it failed before, and that error is reported
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
    """Return a number of objects as text: `3 posts`."""
    return f"{formats.number(count)} {in_sentence(task.view.name if count == 1 else task.view.name_plural)}"


async def check_permissions(request: Request, task: Task, rows: Sequence[object]) -> None:
    """Raise PermissionDeniedError or HTTPException (403) unless the user may do the task with all these objects."""
    rules = rules_of(request)
    rule = task.view.rule_for(rules, task.action)
    await rules.check_before(request_context().session, task.view.model, rule, rows)
    if task.action == Action.DELETE:
        answers = [await task.view.check_can_delete(request, row) for row in rows]
    else:
        answers = [task.view.has_permission(request, task.action, row) for row in _rows_to_check(task.view, rows)]
    if not all(answers):
        raise HTTPException(HTTPStatus.FORBIDDEN)


async def check_rows(request: Request, task: Task, rows: SelectedRows) -> None:
    """Check permissions as `check_permissions` does, also of rows whose objects were not loaded, before they change."""
    rules, view, session = rules_of(request), task.view, request_context().session
    rule = view.rule_for(rules, task.action)
    if rows.loaded is not None:
        await check_permissions(request, task, rows.loaded)
    else:
        await rules.check_keys_before(session, view.model, rule, rows.keys)
        if not view.has_permission(request, task.action):
            raise HTTPException(HTTPStatus.FORBIDDEN)
    if rule == "change":
        await rules.keep_keys(session, view.model, rows.keys)


def _rows_to_check(view: ViewBase, rows: Sequence[object]) -> Sequence[object]:
    """Return the rows to check by hooks of the view: all if it overrides one that takes an object.

    Otherwise the answer is the same for all, and one row suffices.
    """
    return rows if checks_each_object(view) else rows[:1]


async def _check_changed(request: Request, task: Task, rows: SelectedRows) -> None:
    """Raise PermissionDeniedError if an action changed a row to something that its user may not write."""
    rules, session, model = rules_of(request), request_context().session, task.view.model
    if task.view.rule_for(rules, task.action) != "change":
        return
    await session.flush()
    if rows.loaded is None:
        await rules.check_keys(session, model, "change", rows.keys)
    else:
        await rules.check(session, model, "change", [row for row in rows.loaded if instance_state(row).persistent])
