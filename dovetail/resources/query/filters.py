"""Django's lookups (https://docs.djangoproject.com/en/stable/ref/models/querysets/#field-lookups), typed by column."""

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, TypeAdapter
from sqlalchemy import BindParameter, ColumnElement, between, bindparam, false, func
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import Boolean, Numeric, String, TypeEngine

from dovetail.api.schemas import Filter
from dovetail.errors import ConfigurationError
from dovetail.resources.query.comparable import OF_ORDER, members_in_order, members_meant, python_type
from dovetail.resources.query.paths import Criteria, Path, resolve_compared

MAXIMUM_VALUES = 100  # of one `in`
ESCAPE = "/"
NO_ALIASES: Mapping[str, str] = {}

Operand = Literal["value", "values", "pair", "text", "flag"]


@dataclass(frozen=True)
class Lookup:
    """A comparison: what it takes, and the condition that it makes of a column and placeholders."""

    operand: Operand
    build: Callable[..., ColumnElement[bool]]
    says: str  # continues "Only those whose <column> ..."
    write: Callable[[str], str] = str  # a text into what the database gets


@dataclass(frozen=True)
class FilterParameter:
    """One parameter of a list, such as `created_at__gte`."""

    path: Path
    lookup_name: str
    value_type: object = field(compare=False)
    members: tuple[object, ...] = ()  # of an Enum whose order is asked for, as they are declared
    alias: str = ""  # the name that clients know the path by
    is_named: bool = False  # whether that is the whole name, whatever the lookup

    @cached_property
    def name(self) -> str:
        """The name in the URL."""
        name = self.alias or self.path.name
        return name if self.is_named or self.lookup_name == "exact" else f"{name}__{self.lookup_name}"

    @property
    def lookup(self) -> Lookup:
        """The comparison that it makes."""
        return LOOKUPS[self.lookup_name]

    @property
    def description(self) -> str:
        """The description for the OpenAPI document."""
        return f"Only those whose {self.alias or self.path.field} {self.lookup.says}."

    @cached_property
    def operand_type(self) -> Any:
        """The type as which pydantic reads the parameter."""
        match self.lookup.operand:
            case "flag":
                return bool
            case "text":
                return python_type(self.path.type)
            case "values":
                return _several(self.value_type, 1, MAXIMUM_VALUES)
            case "pair":
                return _several(self.value_type, 2, 2)
        return self.value_type

    @cached_property
    def adapter(self) -> TypeAdapter[object]:
        """The adapter that reads the parameter's text."""
        return TypeAdapter(self.operand_type)

    @cached_property
    def is_written_out(self) -> bool:
        """True if the value stands in the statement: of true and false PostgreSQL knows how many rows have them.

        Of an Enum whose order is asked for the statement has all members that are meant.
        """
        is_flag = self.lookup_name == "exact" and isinstance(self.path.type, Boolean)
        return is_flag or self.lookup.operand == "flag" or bool(self.members)

    def arguments(self, value: Any) -> tuple[object, ...]:
        """Return the values of the placeholders of `condition`, made of what the adapter read."""
        if self.is_written_out:
            return ()
        if self.lookup.operand in ("values", "pair"):
            return tuple(value)
        return (self.lookup.write(value),) if self.lookup.operand == "text" else (value,)

    def part_of_statement(self, value: object) -> Hashable:
        """Return what of a value makes the statement another one."""
        if not self.is_written_out:
            return len(self.arguments(value))
        return tuple(value) if isinstance(value, list) else value

    def condition(
        self, placeholders: Sequence[BindParameter[object]], value: Any, related: Criteria
    ) -> ColumnElement[bool]:
        """Return the condition on the rows of the list."""
        if self.members:
            meant = members_meant(self.members, self.lookup_name, value)
            # Each has a placeholder of its own: a statement with a list of values cannot be prepared.
            binds = [bindparam(None, one, type_=self._bind_type) for one in meant]
            return self.path.where(lambda column: column.in_(binds) if binds else false(), related)
        of_null = self.lookup.operand == "flag"
        extra = (value,) if self.is_written_out else placeholders
        if of_null and value:
            return self.path.where_empty(lambda column: self.lookup.build(column, *extra), related)
        return self.path.where(lambda column: self.lookup.build(column, *extra), related, of_null=of_null)

    def placeholders(self, prefix: str, count: int) -> list[BindParameter[object]]:
        """Return `count` placeholders of the parameter's type, named after `prefix`."""
        return [bindparam(f"{prefix}_{number}", type_=self._bind_type) for number in range(count)]

    @property
    def _bind_type(self) -> TypeEngine[Any]:
        return String() if self.lookup.operand == "text" else comparable(self.path.type)


class _ContainsExactly(FunctionElement[bool]):
    """True if a text contains another in the same case. SQLite's LIKE takes any case, so LIKE cannot say it."""

    type = Boolean()
    inherit_cache = True


class _StartsExactly(FunctionElement[bool]):
    """True if a text starts with another in the same case."""

    type = Boolean()
    inherit_cache = True


def filter_parameters(
    model: type[object],
    filters: Mapping[str, str | Sequence[str] | Filter],
    aliases: Mapping[str, str] = NO_ALIASES,
) -> dict[str, FilterParameter]:
    """Return the parameters that `filters` declares; `aliases` are the paths of names that clients know.

    Raise ConfigurationError for an unknown path or lookup.
    """
    found: dict[str, FilterParameter] = {}
    for name, declared in filters.items():
        wanted = (
            declared
            if isinstance(declared, Filter)
            else Filter(*([declared] if isinstance(declared, str) else declared))
        )
        if not wanted.lookups:
            raise ConfigurationError(
                f"the filter {name!r} names no lookup, expected some of {', '.join(sorted(LOOKUPS))}"
            )
        path = resolve_compared(model, wanted.path or aliases.get(name, name))
        for lookup in wanted.lookups:
            is_named = bool(wanted.path) and len(wanted.lookups) == 1
            alias = "" if name == path.name else name
            parameter = replace(_parameter(path, lookup, wanted.type), alias=alias, is_named=is_named)
            if parameter.name in found:
                raise ConfigurationError(f"filters name the parameter {parameter.name!r} twice")
            found[parameter.name] = parameter
    return found


def comparable(column_type: TypeEngine[Any]) -> TypeEngine[Any]:
    """Return the type of a value that is compared with a column: PostgreSQL would round it to the column's scale."""
    return Numeric() if type(column_type) is Numeric else column_type


def like(text: str) -> str:
    """Return `text` with the wildcards of LIKE escaped, so that they stand for themselves."""
    for special in (ESCAPE, "%", "_"):
        text = text.replace(special, ESCAPE + special)
    return text


LOOKUPS: dict[str, Lookup] = {
    "exact": Lookup("value", lambda column, value: column == value, "is this"),
    "iexact": Lookup(
        "text", lambda column, value: func.lower(column) == func.lower(value), "is this, whatever the case"
    ),
    "in": Lookup("values", lambda column, *values: column.in_(values), "is one of these, separated by commas"),
    "lt": Lookup("value", lambda column, value: column < value, "is less than this"),
    "lte": Lookup("value", lambda column, value: column <= value, "is this or less"),
    "gt": Lookup("value", lambda column, value: column > value, "is greater than this"),
    "gte": Lookup("value", lambda column, value: column >= value, "is this or greater"),
    "range": Lookup("pair", between, "lies between two values, both included"),
    "contains": Lookup("text", _ContainsExactly, "contains this"),
    "startswith": Lookup("text", _StartsExactly, "starts with this"),
    "icontains": Lookup(
        "text", lambda c, text: c.ilike("%" + text + "%", escape=ESCAPE), "contains this, whatever the case", like
    ),
    "isnull": Lookup(
        "flag", lambda column, flag: column.is_(None) if flag else column.is_not(None), "is null, or is not"
    ),
}


def _parameter(path: Path, lookup_name: str, declared: object) -> FilterParameter:
    if lookup_name not in LOOKUPS:
        known = ", ".join(sorted(LOOKUPS))
        raise ConfigurationError(
            f"the filter {path.name!r} asks for the lookup {lookup_name!r}, expected one of {known}"
        )
    lookup, own = LOOKUPS[lookup_name], python_type(path.type)
    if lookup.operand == "text" and not isinstance(path.type, String):
        raise ConfigurationError(f"the filter {path.name!r} asks for {lookup_name!r}, which is for texts only")
    if lookup.operand != "flag" and own is None and declared is None:
        raise ConfigurationError(f"the filter {path.name!r} is of a type that only `isnull` can ask about")
    members = members_in_order(path.type) if lookup_name in OF_ORDER and declared is None else ()
    return FilterParameter(path, lookup_name, declared if declared is not None else own, members)


def _several(value_type: Any, least: int, most: int) -> Any:
    values: object = list[value_type]
    return Annotated[values, Field(min_length=least, max_length=most), BeforeValidator(_split)]


def _split(text: object) -> object:
    return [part.strip() for part in text.split(",")] if isinstance(text, str) else text


@compiles(_ContainsExactly, "postgresql")
def _postgresql_contains(element: _ContainsExactly, compiler: SQLCompiler, **kwargs: object) -> str:
    column, text = (compiler.process(clause, **kwargs) for clause in element.clauses)
    return f"(strpos({column}, {text}) > 0)"


@compiles(_ContainsExactly, "sqlite")
def _sqlite_contains(element: _ContainsExactly, compiler: SQLCompiler, **kwargs: object) -> str:
    column, text = (compiler.process(clause, **kwargs) for clause in element.clauses)
    return f"(instr({column}, {text}) > 0)"


@compiles(_StartsExactly, "postgresql")
def _postgresql_starts(element: _StartsExactly, compiler: SQLCompiler, **kwargs: object) -> str:
    column, text = (compiler.process(clause, **kwargs) for clause in element.clauses)
    return f"starts_with({column}, {text})"


@compiles(_StartsExactly, "sqlite")
def _sqlite_starts(element: _StartsExactly, compiler: SQLCompiler, **kwargs: object) -> str:
    column, text = element.clauses
    write = compiler.process
    return f"(substr({write(column, **kwargs)}, 1, length({write(text, **kwargs)})) = {write(text, **kwargs)})"
