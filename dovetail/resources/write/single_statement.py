"""UPDATE or DELETE of one row by a single statement, which checks all conditions in its WHERE.

    UPDATE ... WHERE <key, rules, entity tag> RETURNING <the row as a read answers it>

On SQLite a history needs one more statement before it, with the same conditions.

If the statement finds no row, nothing was changed, and the caller falls back to `Writer`, which locks the row first and
so can tell the answers apart: 404, 403, 412, or the unchanged row. A single statement needs no transaction around it.
`Writer` also does every write that has hooks or ORM listeners or touches other rows, and every write within an open
transaction on PostgreSQL, which a failing statement would abort.
"""

from collections.abc import Hashable, Mapping, Sequence
from functools import cached_property, partial
from typing import Generic

from pydantic import BaseModel
from sqlalchemy import inspect
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapper

from dovetail.database.change_log import CHANGE_LOG, ChangeLog
from dovetail.database.drivers.sqlalchemy_private import is_made
from dovetail.database.error_translation import is_bad_data
from dovetail.database.fast_unit_of_work import (
    dialect_of,
    driver_alone,
    driver_for_all,
    driver_to_write,
    flush,
    note_confirmed,
    note_written,
    presumed_in,
)
from dovetail.resources.declaration.declared import Create, Model, Replace, Update, Viewer
from dovetail.resources.declaration.model_rules import (
    OF_UPDATES,
    ListenerChecks,
    enums_of,
    listener_checks,
    unknown_members,
    why_model,
)
from dovetail.resources.policy import Policy, Recognized
from dovetail.resources.read.etags import STAR, VERSION, is_told_by_moment, only_version, version_arguments
from dovetail.resources.read.reader import Batch, Plan
from dovetail.resources.schemas.lookups import check_key
from dovetail.resources.spec import Spec
from dovetail.resources.sql.insert_statements import VALUE
from dovetail.resources.sql.statements import Cache, PreparedStatement, confirmed_by
from dovetail.resources.visibility import Visibility
from dovetail.resources.write.conditional_writes import Compiled, compile_update, prepare_delete
from dovetail.resources.write.one_row import KEY, OneRow
from dovetail.resources.write.references import References


class SingleStatementWrite(Generic[Model, Viewer, Create, Update, Replace]):
    """Updates or deletes a row by one statement, where that is all there is to do."""

    def __init__(
        self,
        spec: Spec[Model, Viewer, Create, Update, Replace],
        one_row: OneRow[Model],
        references: References[Model, Viewer, Create, Update, Replace],
    ) -> None:
        self._spec = spec
        self._one_row = one_row
        self._references = references
        self._plans = Cache()

    async def update(  # noqa: PLR0917 - as `Writer.update_and_read` has them
        self,
        session: AsyncSession,
        recognized: Recognized[Viewer],
        asked: Visibility,
        key: Hashable,
        data: Update | Replace,
        if_match: str | None,
    ) -> Batch | None:
        """Update the row with this key and return it as the viewer may see it; None if nothing was changed.

        `asked` is the viewer's `Spec.change_visibility`.
        """
        if not self._updates or self._listeners_of_updates[session.sync_session_class].has_listeners():
            return None
        arguments = self._arguments(session, asked, key, if_match)
        values = None if arguments is None else self._values(recognized, data)
        if arguments is None or not values:
            return None
        dialect, names, is_tagged = dialect_of(session), tuple(values), VERSION in arguments
        log: ChangeLog | None = session.info.get(CHANGE_LOG)
        presumed = presumed_in(session)
        by_whom = None if presumed is None else presumed.statement
        place = ("update", dialect.name, names, asked.template, is_tagged, log, by_whom)
        compiled = partial(compile_update, self._spec, self._one_row, names, asked, dialect, log, by_whom)
        found: Compiled[Plan] | None = self._plans.remember(place, lambda: compiled(is_tagged=is_tagged))
        if found is None:
            return None
        arguments |= {VALUE + name: value for name, value in values.items()}
        arguments |= {} if found.log is None else found.log.values()
        if presumed is not None:
            arguments |= confirmed_by(presumed)
        return await self._write(session, found.statement, arguments, asked)

    async def _write(
        self, session: AsyncSession, plan: Plan, arguments: Mapping[str, object], asked: Visibility
    ) -> Batch | None:
        """Run the statement where its failure aborts no transaction; return None if it wrote nothing.

        A value that the database rejects returns None too: `Writer` then checks the permission before the value, so
        that a viewer without permission gets a 403. It also answers for a row that a trigger makes forbidden.
        """
        await flush(session)
        connection = driver_alone(session)
        if connection is None:
            if dialect_of(session).name == "postgresql":
                return None  # a failing statement would abort the open transaction
            connection = await driver_to_write(session)
        try:
            batch = await plan.fetch(connection, arguments, asked.bind_values)
        except DBAPIError as error:
            if is_bad_data(error):
                return None
            raise
        if not batch.items:
            return None
        note_written(session)
        if (presumed := presumed_in(session)) is not None:
            note_confirmed(session, presumed)
        return batch

    async def delete(self, session: AsyncSession, asked: Visibility, key: Hashable, if_match: str | None) -> bool:
        """Delete the row with this key; return False if nothing was deleted."""
        if not self._deletes or not self._one_row.can_delete(session):
            return False
        dialect = dialect_of(session)
        log: ChangeLog | None = session.info.get(CHANGE_LOG)
        arguments = self._arguments(session, asked, key, if_match)
        if arguments is None:
            return False
        is_tagged, presumed = VERSION in arguments, presumed_in(session)
        by_whom = None if presumed is None else presumed.statement
        place = ("delete", dialect.name, asked.template, is_tagged, log, by_whom)
        compiled = partial(prepare_delete, self._spec, self._one_row, asked, dialect, log, by_whom)
        found: Compiled[Sequence[PreparedStatement]] | None = self._plans.remember(
            place, lambda: compiled(is_tagged=is_tagged)
        )
        if found is None:
            return False
        arguments |= {} if found.log is None else found.log.values()
        arguments |= {} if presumed is None else confirmed_by(presumed)
        return await self._run_delete(session, found.statement, arguments, asked)

    async def _run_delete(
        self,
        session: AsyncSession,
        statements: Sequence[PreparedStatement],
        arguments: Mapping[str, object],
        asked: Visibility,
    ) -> bool:
        """Run the deletion; return False if there was nothing to delete, or the key is none that a row can have."""
        await flush(session)
        presumed, (*first, prepared) = presumed_in(session), statements
        connection = driver_alone(session) or await driver_for_all(session)
        try:
            rows = await (
                prepared.fetch_behind(connection, first, arguments, asked.bind_values)
                if first
                else prepared.fetch(connection, arguments, asked.bind_values)
            )
        except DBAPIError as error:
            if presumed is None or not is_bad_data(error):
                raise
            return False  # the fallback answers first if the presumed user is gone
        if rows:
            note_written(session)
            if presumed is not None:
                note_confirmed(session, presumed)
        return bool(rows)

    @cached_property
    def _listeners_of_updates(self) -> ListenerChecks:
        return listener_checks(self._mapper, OF_UPDATES)

    @cached_property
    def _mapper(self) -> Mapper[Model]:
        found: Mapper[Model] = inspect(self._spec.model)
        return found

    @cached_property
    def _updates(self) -> bool:
        """True if no hook takes part in updates, and the model does not need the ORM for them."""
        has_hook = self._spec.update_with is not None or "may_update" in self._spec.policy.old_hooks
        return not has_hook and why_model(self._mapper) is None

    @cached_property
    def _deletes(self) -> bool:
        return self._spec.delete_with is None and "may_delete" not in self._spec.policy.old_hooks

    def _arguments(
        self, session: AsyncSession, asked: Visibility, key: Hashable, if_match: str | None
    ) -> dict[str, object] | None:
        """Return the arguments for key and version; None if the ORM has to load the row, or Writer to check it."""
        if len(self._spec.known_by) > 1:
            return None
        mapper = self._mapper
        if mapper.class_manager.dispatch.load or (is_made(session) and self._one_row.is_known(session, key)):
            return None
        if asked.template is None or (if_match is None and self._spec.requires_if_match):
            return None
        version = STAR if if_match is None else only_version(if_match)
        if version == STAR:
            return {KEY: key}
        if version is None or self._spec.lookup or not is_told_by_moment(mapper, self._spec.version_in(asked)):
            return None
        return {KEY: key, **version_arguments(key, version)}

    def _values(self, recognized: Recognized[Viewer], data: Update | Replace) -> Mapping[str, object] | None:
        """Return the values to write, by attribute; None if the body sets more than columns, or a refused field."""
        spec, named = self._spec, data.model_fields_set
        is_whole = isinstance(data, spec.replace or ())
        if not self._elsewhere.isdisjoint(type(data).model_fields if is_whole else named):
            return None
        if self._limits_fields and spec.policy.read_only(recognized.viewer) & named:
            return None
        values = values_of(spec, data, spec.kept_fields(recognized.viewer) if is_whole else frozenset())
        if spec.lookup in values:
            check_key(spec.lookup, values[spec.lookup], spec.taken_keys)
        is_known = self._enums.isdisjoint(values) or not unknown_members(spec.model, values)
        return values if is_known else None

    @cached_property
    def _enums(self) -> frozenset[str]:
        return frozenset(enums_of(self._mapper))

    @cached_property
    def _elsewhere(self) -> frozenset[str]:
        """The fields that refer to other rows, and the key's own fields."""
        return self._references.fields | self._spec.links.keys() | {*self._spec.nested, *self._spec.keys}

    @cached_property
    def _limits_fields(self) -> bool:
        return type(self._spec.policy).read_only is not Policy.read_only


def values_of(spec: Spec, data: BaseModel, kept: frozenset[str]) -> dict[str, object]:
    """Return the values that a body sets, by attribute; a replacement keeps the fields of `kept` that it omits."""
    is_whole = isinstance(data, spec.replace or ())
    return data.model_dump(
        exclude_unset=not is_whole, exclude={*spec.links, *spec.nested} | (kept - data.model_fields_set)
    )
