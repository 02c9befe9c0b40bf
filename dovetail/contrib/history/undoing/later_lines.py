"""Find out from later lines what has become of the objects of a change: undone already, replaced, or moved."""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress

from sqlalchemy import ColumnElement, Select, Text, and_, false, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from dovetail.contrib.history.models import ChangeAction, RecordedChange
from dovetail.contrib.history.recording.json_rows import sql_text
from dovetail.contrib.history.recording.recorded import Recorded, RecordedTable
from dovetail.contrib.history.undoing.changed_keys import key_after, key_fields, key_text
from dovetail.contrib.history.undoing.names import Names
from dovetail.contrib.history.undoing.steps import Kind, Step
from dovetail.errors import ConflictError
from dovetail.translation import formats
from dovetail.translation.texts import gettext

UNDOES = re.compile(r"undoes change (\d+)$")
LIKE_UNDO = "%undoes change %"
MAX_LOOKED_AT = 200  # later lines
MAX_MOVES = 20  # changes of one key that are followed


async def find_undo(session: AsyncSession, recorded: Recorded, change: RecordedChange) -> RecordedChange | None:
    """Return a line of the undo by which the transaction of a change was undone; None if it is in effect."""
    statement = select(RecordedChange).where(
        RecordedChange.model == change.model,
        RecordedChange.object_key.in_(_keys(recorded.labelled(change.model), change)),
        RecordedChange.id > change.id,
        RecordedChange.via.like(LIKE_UNDO),
    )
    rows = (await session.scalars(statement.order_by(RecordedChange.id.desc()).limit(MAX_LOOKED_AT))).all()
    undone = {row.id: int(found[1]) for row in rows if (found := UNDOES.search(row.via)) is not None}
    named = select(RecordedChange.id, RecordedChange.transaction).where(RecordedChange.id.in_(undone.values()))
    transactions: Mapping[int, int] = {row[0]: row[1] for row in await session.execute(named)} if undone else {}
    undos = [(row, transactions[undone[row.id]]) for row in rows if undone.get(row.id) in transactions]
    return _undo_of(change.transaction, undos)


def undone_in_words(undo: RecordedChange) -> str:
    """Return the sentence that refuses to undo a change a second time."""
    named = {"moment": formats.exact(undo.created_at), "name": undo.actor_name}
    if undo.actor_name:
        return gettext("This was undone already, by %(name)s on %(moment)s.") % named
    return gettext("This was undone already, on %(moment)s.") % named


async def check_same_objects(session: AsyncSession, recorded: Recorded, step: Step, last: int, names: Names) -> None:
    """Raise ConflictError if an object of the step has another key since the line `last`, or its key another object."""
    table = step.table if not step.table.is_link else recorded.labelled(step.table.label)
    if table is None or (step.kind is Kind.INSERT and not step.table.is_link):
        return
    for parent, columns in _parents_in_key(recorded, table):
        texts = list(dict.fromkeys(key_text(row.key[one] for one in columns) for row in step.rows))
        moved = _later(parent, texts, last).where(_moves(parent)).limit(MAX_LOOKED_AT)
        for row in (await session.scalars(moved)).all():
            await _refuse_moved(session, parent, row, names)
    keys = list(dict.fromkeys(row.text for row in step.rows))
    replaced = and_(RecordedChange.action == ChangeAction.ADD, RecordedChange.via.not_like(LIKE_UNDO))
    statement = _later(table, keys, last).where(or_(replaced, _moves(table)))
    for row in (await session.scalars(statement.limit(MAX_LOOKED_AT))).all():
        if row.action == ChangeAction.ADD:
            raise ConflictError(
                gettext("This cannot be undone: %(name)s was deleted since, and another object has its key now.")
                % {"name": names.object_name(table, row.object_key)}
            )
        await _refuse_moved(session, table, row, names)


async def _refuse_moved(session: AsyncSession, table: RecordedTable, moved: RecordedChange, names: Names) -> None:
    """Raise ConflictError if an object still has another key than before a change that may have changed it."""
    key, number = await _current_key(session, table, moved)
    if key != moved.object_key:
        raise ConflictError(
            gettext(
                "This cannot be undone: the key of %(name)s was changed to %(key)s since. Undo change %(number)s first."
            )
            % {"name": names.object_name(table, moved.object_key), "key": names.key(table, key), "number": number}
        )


async def _current_key(session: AsyncSession, table: RecordedTable, moved: RecordedChange) -> tuple[str, int]:
    """Return the key that an object has today, and the change that gave it; `moved` may have changed its key."""
    found: RecordedChange | None = moved
    key, number = moved.object_key, moved.id
    for _ in range(MAX_MOVES):
        if found is None:
            break
        key, number = key_after(table, found.object_key, found.before, found.after), found.id
        found = (await session.scalars(_later(table, [key], number).where(_moves(table)).limit(1))).first()
    return key, number


def _parents_in_key(recorded: Recorded, table: RecordedTable) -> Iterator[tuple[RecordedTable, list[str]]]:
    """Yield the tables whose keys are part of the key of `table` and change it, with the names of its columns."""
    for constraint in table.table.foreign_key_constraints:
        parent = recorded.find(constraint.referred_table)
        own = {element.column.key: element.parent for element in constraint.elements}
        is_cascade = (constraint.onupdate or "").upper() == "CASCADE"
        is_in_key = {column.key for column in own.values()} <= {column.key for column in table.keys}
        if parent is not None and is_cascade and is_in_key and own.keys() == {column.key for column in parent.keys}:
            yield parent, [own[column.key].key for column in parent.keys]


def _later(table: RecordedTable, keys: Sequence[str], last: int) -> Select[RecordedChange]:
    """Return the SELECT of the lines of objects with these keys after the line `last`, earliest first."""
    of_objects = (RecordedChange.model == table.label, RecordedChange.object_key.in_(keys))
    return select(RecordedChange).where(*of_objects, RecordedChange.id > last).order_by(RecordedChange.id)


def _moves(table: RecordedTable) -> ColumnElement[bool]:
    """Return the condition that a line may be of a change of a key."""
    given = [RecordedChange.after.op("->>", return_type=Text())(sql_text(name)) for name in key_fields(table)]
    is_given = or_(false(), *(value.is_not(None) for value in given))
    return and_(RecordedChange.action == ChangeAction.CHANGE, is_given)


def _undo_of(transaction: int, undos: Sequence[tuple[RecordedChange, int]]) -> RecordedChange | None:
    """Return the latest undo of a transaction that was not undone itself; `undos` are (line, undone transaction)."""
    for line, undone in undos:  # latest first
        if undone == transaction and line.transaction != transaction and _undo_of(line.transaction, undos) is None:
            return line
    return None


def _keys(table: RecordedTable | None, change: RecordedChange) -> list[str]:
    """Return the keys under which an undo of the change may have written a line: before, and after a change of it."""
    keys = [change.object_key]
    if table is not None:
        with suppress(ValueError):  # the key has another form now, in which no undo can have written it
            keys.append(key_after(table, change.object_key, change.before, change.after))
    return keys
