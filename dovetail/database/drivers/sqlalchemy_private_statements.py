"""Every private or undocumented part of SQLAlchemy's statements and types that Dovetail leans on, one function each.

Those of its pools, engines and sessions stand in sqlalchemy_private.py.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar, cast

from sqlalchemy import BindParameter, ClauseElement, ColumnElement, CursorResult, Insert, Select, Table, Update
from sqlalchemy.sql.base import ExecutableOption
from sqlalchemy.sql.cache_key import CacheKey
from sqlalchemy.types import TypeEngine

SelectT = TypeVar("SelectT", bound=Select[Any])
Rows = Iterable[Iterable[object]]
BEYOND_WHERE = (  # what a SELECT may have besides conditions and an order
    *("_limit_clause", "_offset_clause", "_fetch_clause", "_for_update_arg", "_having_criteria", "_setup_joins"),
    *("_from_obj", "_independent_ctes", "_prefixes", "_suffixes", "_statement_hints", "_with_options"),
)
Processors = Mapping[str, Callable[[Any], Any]]


def cache_key(element: ClauseElement) -> CacheKey | None:
    """Return the `key` by which SQLAlchemy finds a compiled element again, and the `bindparams` that it holds.

    None if the element cannot be cached.
    """
    return element._generate_cache_key()  # noqa: SLF001 - there is no public name for it


def copied_from(bind: BindParameter[object]) -> Iterable[BindParameter[object]]:
    """Return a value of a statement and those that it was copied from when a condition was adapted."""
    return cast("Iterable[BindParameter[object]]", bind._cloned_set)  # noqa: SLF001 - there is no public name for it


def bind_processors(compiled: Any) -> Processors:
    """Return what SQLAlchemy applies to the values of a compiled statement for the driver, by their names."""
    return cast("Processors", compiled._bind_processors)  # noqa: SLF001 - there is no public name for it


def answered_rows(result: CursorResult[object]) -> list[tuple[object, ...]]:
    """Return the rows that an INSERT answered, as the driver gives them, and leave them to whoever reads the result."""
    # Of an INSERT that was sent in several parts, or what the adapters of asyncpg and aiosqlite have read.
    sent: Rows | None = getattr(result.cursor_strategy, "_rowbuffer", None)
    read: Rows = getattr(result.cursor, "_rows", ())
    return [tuple(row) for row in sent or read]


def values_to_set(statement: Insert | Update) -> Mapping[object, object]:
    """Return the values that an INSERT or UPDATE names itself, by columns, or by their keys."""
    ordered: Iterable[tuple[object, object]] | None = getattr(statement, "_ordered_values", None)
    return dict(ordered) if ordered else cast("Mapping[object, object]", statement._values or {})  # noqa: SLF001 - there is no public name for it


def names_many_rows(statement: Insert) -> bool:
    """Return whether an INSERT names the values of several rows, or takes its rows from a SELECT."""
    return bool(statement._multi_values) or statement.select is not None  # noqa: SLF001 - there is no public name for it


def answers(statement: Insert) -> bool:
    """Return whether an INSERT has a RETURNING of its own."""
    return bool(statement._returning)  # noqa: SLF001 - there is no public name for it


def fetches_keys(statement: Insert) -> bool:
    """Return whether the ORM lets an INSERT of many rows fetch what the database made: `return_defaults`."""
    return bool(statement._return_defaults)  # noqa: SLF001 - there is no public name for it


def conflict_of(statement: Insert) -> tuple[str, Sequence[str]] | None:
    """Return what an INSERT does ON CONFLICT, `on_conflict_do_update` say, and on which columns; None for no such."""
    clause: Any = statement._post_values_clause  # noqa: SLF001 - there is no public name for it
    if clause is None:
        return None
    targets = [
        one if isinstance(one, str) else getattr(one, "key", "") for one in clause.inferred_target_elements or ()
    ]
    return str(clause.__visit_name__), targets


def conditions_of(statement: Select[object]) -> tuple[ColumnElement[bool], ...]:
    """Return the conditions of WHERE as they were given; `whereclause` has wrapped them."""
    return statement._where_criteria  # noqa: SLF001 - see above


def order_of(statement: Select[object]) -> tuple[ColumnElement[object], ...]:
    """Return what a statement orders by."""
    return tuple(statement._order_by_clauses)  # noqa: SLF001 - there is no public name for it


def options_of(statement: Select[object]) -> tuple[ExecutableOption, ...]:
    """Return the options, loader options say, of a statement."""
    return statement._with_options  # noqa: SLF001 - there is no public name for it


def kept_as_it_stands(statement: SelectT) -> SelectT:
    """Return `statement` as a subquery in which no table is replaced by the alias that a join of the ORM gives it."""
    return statement._annotate({"no_replacement_traverse": True})  # noqa: SLF001 - what its own `has` and `any` do


def merges_rows(statement: Select[object]) -> bool:
    """Return whether a SELECT makes one row of several, by DISTINCT or GROUP BY: each further column changes them."""
    return bool(statement._distinct or statement._group_by_clauses)  # noqa: SLF001 - there is no public name for it


def joins_others(statement: Select[object]) -> bool:
    """Return whether a SELECT names by JOIN or FROM which tables it reads."""
    return bool(statement._setup_joins or statement._from_obj)  # noqa: SLF001 - there is no public name for it


def narrows_one_table(statement: Select[object]) -> bool:
    """Return whether a SELECT takes its rows from one table as they are, and does nothing but narrow and order them."""
    more = [getattr(statement, name) for name in BEYOND_WHERE]
    is_more = any(one is not None and not (isinstance(one, tuple) and not one) for one in more)
    if is_more or merges_rows(statement):
        return False
    parts = (*statement._where_criteria, *statement._order_by_clauses)  # noqa: SLF001 - as above
    froms = {*statement.columns_clause_froms, *(one for part in parts for one in part._from_objects)}  # noqa: SLF001 - `get_final_froms` says so too, and takes as long as to compile it
    return len(froms) == 1 and all(isinstance(one, Table) for one in froms)


def kind_of(column_type: TypeEngine[object]) -> type[TypeEngine[object]] | None:
    """Return the class that types of the same kind have in common: `Integer` for BIGINT too."""
    return column_type._type_affinity  # noqa: SLF001 - SQLAlchemy's own answer to "the same kind of type"


def variants_of(column_type: TypeEngine[object]) -> Mapping[str, TypeEngine[object]]:
    """Return the types that `with_variant` gave a type, by the names of their dialects."""
    return column_type._variant_mapping  # noqa: SLF001 - SQLAlchemy has no public way to ask
