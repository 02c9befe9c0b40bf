"""Find the stored rows and related objects that a file refers to: by one statement each for many rows."""

from collections.abc import Callable, Collection, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Column, ColumnElement
from starlette.requests import Request

from dovetail.contrib.admin.columns.identifiers import have_identifiers, identifier_of, parse_identifier
from dovetail.contrib.admin.columns.readers import reader_of
from dovetail.contrib.admin.importing.cells import several
from dovetail.contrib.admin.importing.files.sheet import Cell
from dovetail.contrib.admin.importing.plan import Plan
from dovetail.contrib.admin.importing.row_errors import RowErrors
from dovetail.contrib.admin.importing.targets import Kind, Target
from dovetail.contrib.admin.request_context import request_context
from dovetail.contrib.admin.views import ModelAdmin
from dovetail.resources.query.keys import write_key
from dovetail.translation.texts import gettext

AT_ONCE = 1_000  # texts in one statement


@dataclass(frozen=True)
class Row:
    """A row of a file."""

    line: int
    cells: Sequence[Cell]
    texts: Collection[int] = ()  # the positions of texts, if the format distinguishes them from other values


@dataclass(frozen=True)
class Finder:
    """Finds objects for the rows of one file, and adds an error for each cell that refers to none."""

    request: Request
    view: ModelAdmin
    plan: Plan
    errors: RowErrors
    _lines: dict[Hashable, int] = field(default_factory=dict)  # the lines of the keys seen so far

    async def existing(self, rows: Sequence[Row]) -> Mapping[int, object]:
        """Return the stored objects that rows refer to, locked, by the line of the row."""
        match = self.plan.match
        if match is None:
            return {}
        places = self.plan.match_places
        keys = {row.line: key for row in rows if (key := self._key(row, places)) is not None}
        found = await self._load(match, list(dict.fromkeys(keys.values())))
        for line, key in keys.items():
            if key not in found and not self.plan.adds_missing:
                self.errors.add(line, places[0], gettext("There is no row with this key, or none that you may see."))
        return {line: found[key] for line, key in keys.items() if key in found}

    async def related(self, rows: Sequence[Row]) -> Mapping[str, Mapping[str, str]]:
        """Return the keys of related objects, by target and by the text in the file."""
        found: dict[str, Mapping[str, str]] = {}
        for place, target in enumerate(self.plan.columns):
            if target is not None and target.kind is Kind.RELATED:
                texts = sorted({text for row in rows for text in self._readable_values(target, row.cells[place])})
                keys: dict[str, str] = {}
                for part in _parts(texts):
                    keys |= await self._keys_of(target, part)
                found[target.name] = keys
        return found

    async def unknown(self, rows: Sequence[Row]) -> Mapping[str, frozenset[str]]:
        """Return by field the texts of cells that are not keys of available related objects."""
        found: dict[str, frozenset[str]] = {}
        for place, target in enumerate(self.plan.columns):
            if target is not None and target.kind is Kind.FIELD and target.field in self.view.mapper.relationships:
                texts = {text for row in rows for text in self._readable_values(target, row.cells[place])}
                found[target.field] = frozenset(
                    [one for part in _parts(sorted(texts)) for one in await self._unknown(target, part)]
                )
        return found

    async def _unknown(self, target: Target, texts: Sequence[str]) -> list[str]:
        model = self.view.mapper.relationships[target.field].mapper.class_
        keys = {text: key for text in texts if (key := _key_in(model, text)) is not None}
        wanted = sorted(set(keys.values()))
        chosen = await self.view.get_related(self.request, target.field, wanted) if wanted else ()
        there = set(map(identifier_of, chosen))
        return [text for text in texts if keys.get(text) not in there]

    def _readable_values(self, target: Target, cell: Cell) -> list[str]:
        try:
            return self.values(target, cell)
        except ValueError:  # reported where the cell is read
            return []

    def values(self, target: Target, cell: Cell) -> list[str]:
        """Return the texts of a cell that identify related objects."""
        if self.view.mapper.relationships[target.field].uselist:
            return several(cell or "")
        if not cell or not cell.strip():
            return []
        return [cell if target.kind is Kind.FIELD else cell.strip()]  # a key may begin with a space

    def _key(self, row: Row, places: Sequence[int]) -> Hashable | None:
        texts = [row.cells[place] or "" for place in places]
        if not all(map(str.strip, texts)):
            return None
        try:
            key = self._read_key(texts)
        except ValueError as error:
            self.errors.add(row.line, places[0], str(error))
            return None
        line = self._lines.setdefault(key, row.line)
        if line != row.line:
            self.errors.add(row.line, places[0], gettext("This is in line %(line)s already.") % {"line": line})
            return None
        return key

    def _read_key(self, texts: Sequence[str]) -> Hashable:
        match = self.plan.match
        assert match is not None  # noqa: S101 - checked by `existing`
        if match.kind is not Kind.KEY:
            return _read(self._column(match), texts[0].strip())
        is_whole = match in self.plan.columns
        parsed = parse_identifier(self.view.model, texts[0] if is_whole else write_key(texts))
        if parsed is None:
            raise ValueError(gettext("This is not a key."))
        return write_key(parsed)

    def _column(self, target: Target) -> Column[object]:
        column = self.view.mapper.column_attrs[target.field].columns[0]
        assert isinstance(column, Column)  # noqa: S101 - `unique_columns` returns such columns only
        return column

    async def _load(self, match: Target, keys: Sequence[Hashable]) -> Mapping[Hashable, object]:
        if not keys:
            return {}
        view, is_key = self.view, match.kind is Kind.KEY
        model = view.model
        chosen: ColumnElement[bool] = (
            have_identifiers(model, map(str, keys)) if is_key else getattr(model, match.field).in_(keys)
        )
        statement = view.permitted_rows(self.request).where(chosen).order_by(None).order_by(*view.pk_columns)
        statement = statement.options(*view.form_loading(self.request, None, whole=True))
        statement = statement.with_for_update(of=model).execution_options(populate_existing=True)
        rows = (await request_context().session.scalars(statement)).unique(id).all()
        return {identifier_of(one) if is_key else getattr(one, match.field): one for one in rows}

    async def _keys_of(self, target: Target, texts: Sequence[str]) -> Mapping[str, str]:
        loader = await self.view.autocomplete_for(self.request, target.field)
        if loader is None or not texts:
            return {}
        mapper = self.view.mapper.relationships[target.field].mapper
        column = mapper.column_attrs[target.column].columns[0]
        values = dict(_readable(column, texts))
        conditions = await loader.conditions(self.request, "")
        statement = loader.rows(self.request).where(column.in_(list(values.values())), *conditions).add_columns(column)
        found = {value: identifier_of(one) for one, value in await request_context().session.execute(statement)}
        return {text: found[value] for text, value in values.items() if value in found}


def _parts(texts: Sequence[str]) -> Iterator[Sequence[str]]:
    """Yield the texts in batches, since statements have a maximum number of values and block the event loop."""
    for start in range(0, len(texts), AT_ONCE):
        yield texts[start : start + AT_ONCE]


def _key_in(model: type[object], text: str) -> str | None:
    """Return the primary key that a text represents; None if it represents none."""
    parsed = parse_identifier(model, text)
    return None if parsed is None else write_key(parsed)


def _read(column: ColumnElement[object], text: str) -> Hashable:
    return _reader(column)(text)


def _reader(column: ColumnElement[object]) -> Callable[[str], Hashable]:
    reader = reader_of(column.type)
    return str if reader is None else reader


def _readable(column: ColumnElement[object], texts: Sequence[str]) -> Iterator[tuple[str, Hashable]]:
    read = _reader(column)  # cached: creating one takes far longer than using it
    for text in texts:
        try:
            yield text, read(text)
        except ValueError:  # the text is too long for the column
            continue
