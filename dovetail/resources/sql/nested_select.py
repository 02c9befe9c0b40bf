"""The SELECT of a page of rows with their nested objects, and the function that turns its rows into items for orjson.

The statement selects the page first, in a materialized CTE, and joins afterwards, so that it never joins skipped rows.
Single nested objects are columns of joined tables; a nested list is one JSON text per row, aggregated once per page.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import orjson
from sqlalchemy import (
    CTE,
    Boolean,
    ColumnClause,
    ColumnElement,
    Dialect,
    Select,
    Text,
    and_,
    case,
    cast,
    func,
    inspect,
    literal_column,
    select,
    true,
    type_coerce,
)
from sqlalchemy.orm import RelationshipProperty, aliased
from sqlalchemy.sql import visitors
from sqlalchemy.sql.dml import ReturningInsert, ReturningUpdate
from sqlalchemy.types import TypeEngine

from dovetail.database.column_types import UTCDateTime
from dovetail.database.search.page_joins import Links, is_linked, links_of, looked_up
from dovetail.resources.query.ordering import Terms
from dovetail.resources.query.paths import Criteria, Path
from dovetail.resources.schemas.sources import Build
from dovetail.resources.sql.compilable import becomes_utc, expression_type
from dovetail.resources.sql.json_values import (
    Convert,
    chain,
    into_json,
    is_plain,
    json_converter,
    out_of_json,
    sent,
    stored_moment,
    written_moment,
)
from dovetail.resources.sql.nodes import Attribute, Column, Expression, Node, Relation

LENGTH_OF_MOMENT = len("2026-01-31 12:00:00.000000")  # as we store times on SQLite; other programs may differ
ALLOWED = "row_is_allowed"  # the label of `Visibility.check`; no column has this name
MakeItems = Callable[[Sequence[Sequence[object]]], list[object]]
Beside = Callable[[CTE], Sequence[CTE]]
Expressions = Mapping[Build, ColumnElement[object]]  # SQL of the fields that functions give, built for the viewer


@dataclass(frozen=True)
class NestedSelect:
    """A SELECT, and how to read its rows."""

    statement: Select[object]
    make_items: MakeItems  # turns the driver's rows into items
    behind: tuple[int, ...]  # the positions in a row of the values of `terms` and `extra`
    own: Mapping[int, str]  # by position in a row, the attributes of the model itself
    allowed: int | None = None  # the position in a row of the result of `Visibility.check`
    sent: frozenset[int] = frozenset()  # the positions in a row of times in the form of `sent`


def nothing(_page: CTE) -> Sequence[CTE]:
    """Return no CTEs: the default of `beside`, for statements that only read."""
    return ()


def nested_select(
    node: Node,
    page: Select[object] | ReturningInsert[object] | ReturningUpdate[object],
    *,
    terms: Terms,
    extra: Sequence[str],
    related: Criteria,
    expressions: Expressions,
    dialect: Dialect,
    beside: Beside = nothing,
    is_list: bool = False,
    is_selective: bool = False,
) -> NestedSelect:
    """Return the SELECT of `node` for the rows of `page`, whose columns are those of `page_columns`.

    Each row also has the values of `terms`, which `page` labels order_0 and so on, and of the attributes `extra`; a
    value that the item contains is not selected twice, since decoding in the driver is expensive. `beside` returns
    further CTEs of the statement, given that of the page. The driver does not decode the times of a list. A page that
    `is_selective` may have hardly any row. Raise TypeError for a part that needs Python (`compilable.why_python`).
    """
    cte = page.cte("page").prefix_with("MATERIALIZED")
    is_list = is_list and dialect.name == "postgresql"
    shared = (related, expressions, dialect, is_list, is_list and not is_selective)
    builder = _Builder(node.model, cte, aliased(node.model, cte), *shared)
    written = builder.write(node, builder.root, ())
    positions = [cte.c[f"order_{number}"] for number in range(len(terms))]
    behind = [
        builder.place(term.path.name if isinstance(term.path, Path) else None, position)
        for term, position in zip(terms, positions, strict=True)
    ]
    behind += [builder.place(key, getattr(builder.root, key)) for key in extra]
    allowed = builder.place(None, cte.c[ALLOWED]) if ALLOWED in cte.c else None
    statement = builder.select(builder.columns)
    statement = statement.order_by(*(term.order(column) for term, column in zip(terms, positions, strict=True)))
    own = dict(zip(behind[len(terms) :], extra, strict=True)) | {at: name for name, at in builder.places.items()}
    make_items = _function(written, builder.helpers)
    sent_ones = frozenset(builder.sent)
    return NestedSelect(statement.add_cte(*beside(cte)), make_items, tuple(behind), own, allowed, sent_ones)


def page_columns(
    node: Node, extra: Sequence[str], check: ColumnElement[bool] | None = None
) -> list[ColumnElement[Any]]:
    """Return the columns that a page needs: the key, those of the response, and the local columns of its relations.

    With `check` there is one more, the result of that condition.
    """
    columns = dict.fromkeys(inspect(node.model).primary_key)
    for part in node.parts:
        if isinstance(part, Column):
            first = part.relations[:1]
            columns |= dict.fromkeys(first[0].property.local_columns if first else part.attribute.property.columns)
        elif isinstance(part, Relation):
            columns |= dict.fromkeys(part.relation.property.local_columns)
    columns |= dict.fromkeys(getattr(node.model, key).property.columns[0] for key in extra)
    return [*columns, *allowed_column(check)]


def allowed_column(check: ColumnElement[bool] | None) -> list[ColumnElement[bool]]:
    """Return the column with the result of `check`, in a list; an empty list if there is no check."""
    return [] if check is None else [check.label(ALLOWED)]


@dataclass
class _Builder:
    """Collects the columns and joins of one SELECT, and generates the Python expression that reads a row."""

    model: type[object]
    cte: CTE
    root: Any  # the model, aliased to the CTE
    related: Criteria
    expressions: Expressions
    dialect: Dialect
    is_list: bool  # True for a page of several rows on PostgreSQL
    is_full: bool  # True if the page is expected to have all of them
    in_json: bool = False  # True if the columns become one JSON array
    columns: list[ColumnElement[object]] = field(default_factory=list)
    joins: list[tuple[Any, ...]] = field(default_factory=list)
    links: Links | None = None  # the rows to begin with, in place of the page
    helpers: dict[str, object] = field(default_factory=dict)
    sent: set[int] = field(default_factory=set)  # positions of times in the form of `sent`
    places: dict[str, int] = field(default_factory=dict)  # positions of the root's own attributes in a row
    targets: dict[tuple[str, ...], object] = field(default_factory=dict)  # by path, entities joined for flat columns

    def place(self, name: str | None, column: ColumnElement[object]) -> int:
        """Return the position in a row of the root's attribute `name`; select `column` if it has none yet."""
        if name in self.places:
            return self.places[name]
        self.columns.append(column)
        return len(self.columns) - 1

    def write(self, node: Node, entity: object, path: tuple[str, ...]) -> str:
        """Return the Python expression that makes the dict of `node` from a row; `entity` is its aliased model."""
        written = []
        for part in node.parts:
            if isinstance(part, Column):
                value = self._column(node, self._owner(entity, part.relations, path), part)
            elif isinstance(part, Expression):
                value = self._expression(node, entity, part)
            elif isinstance(part, Relation) and part.is_list:
                value = self._list(part, (*path, part.key))
            elif isinstance(part, Relation):
                value = self._object(part, entity, (*path, part.key))
            else:
                raise TypeError(f"{part.name!r} needs Python")
            written.append(f"{part.alias!r}: {value}")
        return "{" + ", ".join(written) + "}"

    def select(self, columns: Sequence[ColumnElement[Any]]) -> Select[object]:
        """Return the SELECT of `columns`, labelled c0 and so on, from the page and all joined tables."""
        labelled = [column.label(f"c{number}") for number, column in enumerate(columns)]
        statement = select(*labelled).select_from(self.root if self.links is None else self.links.table)
        if self.links is not None:
            statement = statement.where(self.links.condition)
        for target, condition, outer in self.joins:
            statement = statement.join(target, condition, isouter=outer)
        return statement

    def _column(self, node: Node, entity: object, part: Column) -> str:
        column = getattr(entity, part.attribute.key)
        if entity is self.root and not self.in_json:
            self.places[part.attribute.key] = len(self.columns)
        if self.is_list and not self.in_json and isinstance(column.type, UTCDateTime):
            self.sent.add(len(self.columns))
            return self._slot(sent(column), written_moment)
        return self._value(column, column.type, into_utc=becomes_utc(node, part.name))

    def _value(self, column: ColumnElement[object], kind: TypeEngine[object], *, into_utc: bool) -> str:
        finish = json_converter(kind, self.dialect, into_utc=into_utc)
        if not self.in_json:
            return self._slot(column, finish)
        return self._slot(into_json(column, self.dialect), chain(out_of_json(kind, self.dialect), finish))

    def _owner(self, entity: object, relations: Sequence[Attribute], path: tuple[str, ...]) -> object:
        """Return the entity that `relations` lead to from `entity`; each is joined once for all its columns."""
        for relation in relations:
            path = (*path, relation.key)
            if path not in self.targets:
                self.targets[path] = self._join(entity, relation.key, path, outer=True)
            entity = self.targets[path]
        return entity

    def _join(
        self, entity: object, name: str, path: tuple[str, ...], *, outer: bool, node: Node | None = None
    ) -> object:
        """Join a related row, and return the alias of its model; if it is for the columns of `node`, those suffice."""
        visible = self.related.get(".".join(path))
        mapped = getattr(entity, name).property
        if node is not None and visible is None and self.is_list and not self.in_json:
            found = looked_up(mapped, entity, page_columns(node, ()))
            if found is not None:  # its condition, said again, would make PostgreSQL expect one row in all
                self.joins.append((found, true(), outer))
                return found
        target = aliased(mapped.mapper.class_)
        relation = getattr(entity, name).of_type(target)
        self.joins.append((relation if visible is None else relation.and_(visible), None, outer))
        return target

    def _expression(self, node: Node, entity: object, part: Expression) -> str:
        kind = expression_type(node, part.name)
        value = type_coerce(expression_of(self.expressions[part.build], node.model, entity), kind)
        return self._value(value, kind, into_utc=becomes_utc(node, part.name))

    def _object(self, part: Relation, entity: object, path: tuple[str, ...]) -> str:
        outer = part.may_be_null or ".".join(path) in self.related
        target = self._join(entity, part.key, path, outer=outer, node=part.node)
        if not outer:
            return self.write(part.node, target, path)
        key = getattr(target, _keys(part.node.model)[0])
        there = self._slot(key, None)
        return f"({self.write(part.node, target, path)} if {there} is not None else None)"

    def _list(self, part: Relation, path: tuple[str, ...]) -> str:
        number = len(self.joins)  # each list adds one
        cte = self.cte.alias(f"page_{number}")
        root = aliased(self.model, cte)
        shared = (self.related, self.expressions, self.dialect, self.is_list, self.is_full)
        inner = _Builder(self.model, self.cte, root, *shared, in_json=True)
        grouped, read = inner.group(part, path)
        subquery = grouped.subquery(f"list_{number}")
        keys = [getattr(self.root, key) for key in _keys(self.model)]
        self.joins.append((subquery, and_(*(subquery.c[f"c{i}"] == key for i, key in enumerate(keys))), True))
        return self._slot(subquery.c.found, read) if read is not None else self._embed(subquery.c.found)

    def group(self, part: Relation, path: tuple[str, ...]) -> tuple[Select[object], Convert | None]:
        """Return the SELECT of each row's key and its list at `path` as JSON text, and the function that reads it.

        The function is None if the text can be embedded in the response as it is.
        """
        keys = [getattr(self.root, key) for key in _keys(self.model)]
        mapped = part.relation.property
        if self.is_full and len(path) == 1 and isinstance(mapped, RelationshipProperty) and is_linked(mapped):
            entity: object = part.node.model
            self.links = links_of(mapped, select(*keys))
            self.joins.append((entity, and_(self.links.join, self.related.get(part.key, true())), False))
            keys = [self.links.own]
        else:
            entity = self._join_list(path)
        (column, *_) = part.node.parts
        if part.is_flat and isinstance(column, Column):
            written = self._column(part.node, entity, column)
        else:
            written = self.write(part.node, entity, path)
        order = part.relation.property.order_by or [getattr(entity, key) for key in _keys(part.node.model)]
        plain = all(isinstance(one, Column) and _is_plain(one) for one in part.node.parts)
        if plain and part.is_flat:
            item = _json_value(self.columns[0], self.dialect)
        elif plain:
            item = _json_object(part.node, entity, self.dialect)
        else:
            item = _json_array(self.columns, self.dialect)
        return self._aggregate(keys, item, order), None if plain else _reader(_function(written, self.helpers))

    def _join_list(self, path: tuple[str, ...]) -> object:
        """Join the tables along `path`, and return the model of the list."""
        entity = self.root
        for depth, name in enumerate(path, 1):
            visible = self.related.get(".".join(path[:depth]))
            # The list's own table gets no alias, so that the relation's ORDER BY can be used unchanged.
            relation, target = getattr(entity, name), getattr(entity, name).property.mapper.class_
            if depth < len(path):
                target = aliased(target)
                relation = relation.of_type(target)
            self.joins.append((relation if visible is None else relation.and_(visible), None, False))
            entity = target
        return entity

    def _aggregate(
        self, keys: list[ColumnElement[object]], item: ColumnElement[object], order: Sequence[ColumnElement[object]]
    ) -> Select[object]:
        # The aggregate reads rows in the order of a subquery. ORDER BY inside the aggregate needs SQLite 3.44, and
        # PostgreSQL before 16 sorts each group separately then, which takes longer than sorting all rows once.
        rows = self.select(keys).add_columns(item.label("item")).order_by(*keys, *order).subquery()
        names = [rows.c[f"c{i}"] for i in range(len(keys))]
        is_postgresql = self.dialect.name == "postgresql"
        items = func.json_agg(rows.c.item) if is_postgresql else func.json_group_array(func.json(rows.c.item))
        return select(*names, cast(items, Text).label("found")).group_by(*names)

    def _embed(self, column: ColumnElement[object]) -> str:
        """Return the Python expression that puts a JSON text into the response unchanged."""
        self.helpers["Fragment"] = orjson.Fragment
        place = self._slot(column, None)
        return f"(Fragment({place}) if {place} is not None else [])"

    def _slot(self, column: ColumnElement[object], convert: Convert | None) -> str:
        self.columns.append(column)
        place = f"row[{len(self.columns) - 1}]"
        if convert is None:
            return place
        if convert is stored_moment:  # inlined for our own format, since nearly every item has a time
            self.helpers |= {"moment": datetime.fromisoformat, "UTC": UTC, "read_moment": stored_moment}
            is_ours = f"{place} is not None and len({place}) == {LENGTH_OF_MOMENT}"
            return f"(moment({place}).replace(tzinfo=UTC) if {is_ours} else read_moment({place}))"
        name = f"convert_{len(self.helpers)}"
        self.helpers[name] = convert
        return f"{name}({place})"


def expression_of(expression: ColumnElement[object], model: type[object], entity: object) -> ColumnElement[object]:
    """Return an expression on the columns of `model` for the rows of `entity`, which may be an alias of it."""
    if entity is model or not any(isinstance(part, ColumnClause) for part in visitors.iterate(expression)):
        return expression
    same = [getattr(model, key) == getattr(entity, key) for key in _keys(model)]
    return (
        select(expression)
        .select_from(model)
        .where(*same)
        .correlate(inspect(entity, raiseerr=True).selectable)
        .scalar_subquery()
    )


def _json_value(column: ColumnElement[object], dialect: Dialect) -> ColumnElement[object]:
    if dialect.name == "postgresql":
        return column
    return _json_boolean(column) if isinstance(column.type, Boolean) else func.json_quote(column)


def _json_object(node: Node, entity: Any, dialect: Dialect) -> ColumnElement[object]:
    # Field names are Python identifiers, so they need no escaping in SQL.
    parts: list[ColumnElement[object]] = []
    for part in node.parts:
        assert isinstance(part, Column)  # noqa: S101 - all of them are plain
        parts += [literal_column(f"'{part.alias}'"), getattr(entity, part.attribute.key)]
    if dialect.name == "postgresql":
        return func.json_build_object(*parts)
    return func.json_object(*(_json_boolean(part) for part in parts))


def _is_plain(part: Column) -> bool:
    # The alias is not escaped in SQL, so it has to be an identifier.
    return not part.relations and part.alias.isidentifier() and is_plain(part.attribute.type)


def _json_array(columns: Sequence[ColumnElement[object]], dialect: Dialect) -> ColumnElement[object]:
    return func.json_build_array(*columns) if dialect.name == "postgresql" else func.json_array(*columns)


def _json_boolean(column: ColumnElement[object]) -> ColumnElement[object]:
    # SQLite stores booleans as 0 and 1.
    if not isinstance(column.type, Boolean):
        return column
    return case((column.is_(None), None), (column, func.json("true")), else_=func.json("false"))


def _reader(make_items: MakeItems) -> Convert:
    def read(text: str | None) -> list[object]:
        return [] if text is None else make_items(orjson.loads(text))

    return read


def _function(written: str, helpers: dict[str, object]) -> MakeItems:
    # Generated as Python source, as dataclasses generate __init__: a loop over the fields costs twice as much, and a
    # call per row a quarter more. The source contains only field names, quoted by repr, and column numbers.
    made: MakeItems = eval(f"lambda rows: [{written} for row in rows]", dict(helpers))  # noqa: S307 - see above
    return made


def _keys(model: type[object]) -> list[str]:
    mapper = inspect(model)
    return [mapper.get_property_by_column(column).key for column in mapper.primary_key]
