"""Import the rows of a file in one transaction, in batches: all of them or none."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus

from starlette.requests import Request

from dovetail.contrib.admin.changes import MissingChoice
from dovetail.contrib.admin.importing.duplicates import Duplicates
from dovetail.contrib.admin.importing.files.sheet import Sheet
from dovetail.contrib.admin.importing.finding import Finder, Row
from dovetail.contrib.admin.importing.plan import Permitted, Plan
from dovetail.contrib.admin.importing.row_errors import RowError, RowErrors, no_choices
from dovetail.contrib.admin.importing.validation import Validation, ValidRow
from dovetail.contrib.admin.permissions import user_of
from dovetail.contrib.admin.request_context import request_context
from dovetail.contrib.admin.rules.rules import rules_of
from dovetail.contrib.admin.views import ModelAdmin
from dovetail.contrib.admin.web.error_messages import ErrorMessage, message_for
from dovetail.contrib.admin.web.responses import is_refusal
from dovetail.database.deletion.loaded_objects import keeping_loaded
from dovetail.errors import ConflictError, FieldError
from dovetail.resources.write.own_tables.earlier import forget_rows
from dovetail.translation.texts import gettext

BATCH = 50  # rows in a batch, so that no statement blocks the event loop for long


@dataclass
class Outcome:
    """The numbers of rows that were added, changed and unchanged; nothing was written if there are errors."""

    added: int = 0
    changed: int = 0
    same: int = 0
    errors: Sequence[RowError] = ()
    is_cut: bool = False  # whether there may be more errors than these


@dataclass(frozen=True, kw_only=True)
class ImportRun:
    """An import of a file, or a dry run; `report` is called with the number of finished rows."""

    request: Request
    view: ModelAdmin
    sheet: Sheet
    plan: Plan
    permitted: Permitted
    report: Callable[[int, int], None] = lambda _done, _of: None
    outcome: Outcome = field(default_factory=Outcome)

    async def do(self, *, dry: bool) -> Outcome:
        """Import the rows and return the outcome; with `dry`, what the outcome would be."""
        errors = RowErrors(self.sheet.columns, self.plan)
        validation = self._validation(errors)
        texts = self.sheet.texts or [()] * len(self.sheet.rows)
        rows = [Row(*one) for one in zip(self.sheet.lines, self.sheet.rows, texts, strict=True)]
        context = request_context()
        user = user_of(self.request)
        async with keeping_loaded(context.session, user), context.session.begin_nested() as everything:
            for start in range(0, len(rows), BATCH):
                if errors.are_enough:
                    self.outcome.is_cut = True
                    break
                await self._do_batch(validation, rows[start : start + BATCH])
                self.report(min(start + BATCH, len(rows)), len(rows))
            if dry or errors.found:
                await everything.rollback()
                context.after_commit.tasks.clear()
                context.responses.clear()
        self.outcome.errors = errors.in_order()
        return self.outcome

    def _validation(self, errors: RowErrors) -> Validation:
        finder = Finder(self.request, self.view, self.plan, errors)
        return Validation(
            request=self.request,
            view=self.view,
            plan=self.plan,
            permitted=self.permitted,
            finder=finder,
            errors=errors,
            duplicates=Duplicates(self.view, self.plan, errors),
        )

    async def _do_batch(self, validation: Validation, rows: Sequence[Row]) -> None:
        forget_rows(request_context().session)  # of the batch before
        good = await validation.valid_rows(rows)
        if not good or await self._try(validation, good):
            return
        for one in good if len(good) > 1 else ():  # then each row by itself, to report which one failed
            again = await validation.valid_rows([one.row])
            await self._try(validation, again)
            if validation.errors.are_enough:
                return

    async def _try(self, validation: Validation, good: Sequence[ValidRow]) -> bool:
        """Write rows within a savepoint. Return False if that failed; for a single row, add the error."""
        try:
            session = request_context().session
            async with keeping_loaded(session, user_of(self.request)), session.begin_nested():
                await self._write(good)
        except Exception as error:
            told = message_for(error, self.view)
            if told.is_ours or told.is_too_slow:
                raise
            request_context().responses.clear()
            if len(good) == 1:
                await _tell(validation, good[0], told)
            return False
        return True

    async def _write(self, good: Sequence[ValidRow]) -> None:
        view, request, session = self.view, self.request, request_context().session
        new = [one for one in good if one.obj is None]
        changed = [(one.obj, one.data) for one in good if one.obj is not None and one.data]
        many = {one.key for one in view.mapper.relationships if one.uselist}
        created = await view.create_objects(request, [one.data for one in new])
        await view.change_objects(request, [(obj, data) for obj, data in changed if many.isdisjoint(data)])
        for obj, data in changed:
            if not many.isdisjoint(data):
                await view.change_object(request, obj, data)
        await session.flush()
        rules = rules_of(request)
        await rules.check(session, view.model, "add", created)
        await rules.check(session, view.model, "change", [obj for obj, _ in changed])
        if any(map(is_refusal, request_context().responses)):
            raise ConflictError(gettext("The view refuses this row."))
        self._count(added=len(new), changed=len(changed), same=len(good) - len(new) - len(changed))

    def _count(self, *, added: int, changed: int, same: int) -> None:
        self.outcome.added += added
        self.outcome.changed += changed
        self.outcome.same += same


async def _tell(validation: Validation, one: ValidRow, told: ErrorMessage) -> None:
    """Add the error for a row that cannot be written, at its cell if that is known."""
    errors, line = validation.errors, one.row.line
    found = {} if one.obj is None else {line: one.obj}
    if told.status == HTTPStatus.CONFLICT and await validation.duplicates.tell_stored([one.row], found):
        return
    placed = [(errors.place_of(error.pointer.strip("/")), error) for error in told.errors]
    for place, error in placed:
        if place is not None:
            errors.add(line, place, _said(error))
    if not any(place is not None for place, _ in placed):
        errors.add(line, None, told.message)


def _said(error: FieldError) -> str:
    return no_choices(error.missing) if isinstance(error, MissingChoice) else error.detail
