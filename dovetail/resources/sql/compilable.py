"""Decide whether a compiled statement can produce a response without pydantic, byte for byte the same.

pydantic's core schema describes what a response schema does (https://docs.pydantic.dev/latest/internals/architecture/):
anything in it that is not listed here (validators, serializers, constraints, aliases, other types) needs Python.
"""

import enum
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime, time
from typing import Any, TypeAlias, cast

from sqlalchemy import (
    BigInteger,
    Boolean,
    Date,
    DateTime,
    Dialect,
    Enum,
    Float,
    Integer,
    Numeric,
    String,
    Time,
    Uuid,
    inspect,
)
from sqlalchemy import Column as TableColumn
from sqlalchemy.types import TypeDecorator, TypeEngine

from dovetail.api.schemas import LARGEST_ID
from dovetail.api.times import in_utc
from dovetail.database.column_types import UTCDateTime
from dovetail.resources.sql.json_values import is_exact_in_json
from dovetail.resources.sql.nodes import Column, Derived, Expression, Node, Part, Relation, may_lead_to_none

CoreSchema: TypeAlias = Mapping[str, Any]  # nested dictionaries, each with a "type"
HARMLESS_CONFIG = {
    *("title", "from_attributes", "extra_fields_behavior", "loc_by_alias"),
    *("validate_by_alias", "validate_by_name", "populate_by_name", "serialize_by_alias"),
}
# SQL types of expressions, by pydantic's name of the type.
EXPRESSIONS: Mapping[str, object] = {
    "bool": Boolean(),
    "int": BigInteger(),
    "str": String(),
    "datetime": UTCDateTime(),
}
# By pydantic's name of a type, the column types that yield only values of it.
COLUMN_TYPES: dict[str, tuple[type[TypeEngine[Any]], ...]] = {
    "int": (Integer,),
    "str": (String,),
    "bool": (Boolean,),
    "float": (Float,),
    "decimal": (Numeric,),
    "date": (Date,),
    "datetime": (DateTime,),
    "time": (Time,),
    "uuid": (Uuid,),
    "enum": (Enum,),
}
# Keys of a core schema that do not change how a column's value is written.
SILENT_KEYS = {"type", "ref", "metadata", "microseconds_precision"}


def why_python(node: Node, dialect: Dialect) -> str | None:
    """Return the reason why reading `node` needs the ORM and pydantic; None if a compiled statement can."""
    reasons = (*_reasons(node, node.schema.__pydantic_core_schema__, {}), *_limits(node, dialect, in_list=False))
    return reasons[0] if reasons else None


def becomes_utc(node: Node, name: str) -> bool:
    """Return True if the schema converts the times of a field to UTC."""
    model, definitions = _model(node.schema.__pydantic_core_schema__, {})
    field = model["schema"]["fields"][name]["schema"]
    return any(step["type"] == "function-after" for step in _steps(field, definitions))


def expression_type(node: Node, name: str) -> TypeEngine[object]:
    """Return the SQL type of a field that is an expression."""
    model, definitions = _model(node.schema.__pydantic_core_schema__, {})
    *_, core = _steps(model["schema"]["fields"][name]["schema"], definitions)
    return cast("TypeEngine[object]", EXPRESSIONS[core["type"]])


def _limits(node: Node, dialect: Dialect, *, in_list: bool) -> Iterator[str]:
    """Yield the reasons that lie in the model: a compiled statement cannot express them."""
    mapper = inspect(node.model)
    if mapper.inherits is not None or mapper.polymorphic_on is not None:
        yield f"{node.model.__name__} inherits from another model"
    for part in node.parts:
        if isinstance(part, Relation):
            if part.is_list and in_list:
                yield f"{node.schema.__name__}.{part.name} is a list inside a list"
            yield from _limits(part.node, dialect, in_list=in_list or part.is_list)
        elif isinstance(part, Column) and any(one.property.mapper.inherits is not None for one in part.relations):
            yield f"{node.schema.__name__}.{part.name} leads over a model that inherits from another"
        elif in_list and isinstance(part, Column) and not is_exact_in_json(part.attribute.type, dialect):
            yield f"{node.schema.__name__}.{part.name} is a number with a point inside a list"


def _reasons(node: Node, schema: CoreSchema, definitions: CoreSchema) -> Iterator[str]:
    model, definitions = _model(schema, definitions)
    name = node.schema.__name__
    if model["type"] != "model" or set(model) & {"post_init", "serialization"} or model.get("custom_init"):
        yield f"{name} has validators or serializers"
        return
    if model["schema"]["type"] != "model-fields" or "serialization" in model["schema"]:
        yield f"{name} has validators or serializers"
        return
    if model["schema"].get("computed_fields"):
        yield f"{name} has computed fields"
    if odd := set(model.get("config", {})) - HARMLESS_CONFIG:
        yield f"{name} is configured with {', '.join(sorted(odd))}"
    for part in node.parts:
        if isinstance(part, Derived):
            continue
        field = model["schema"]["fields"][part.name]
        if set(field) - {"type", "schema", "metadata", "serialization_alias", "validation_alias"}:
            yield f"{name}.{part.name} is excluded"
        yield from _field_reasons(f"{name}.{part.name}", part, field["schema"], definitions)


def _field_reasons(name: str, part: Part, schema: CoreSchema, definitions: CoreSchema) -> Iterator[str]:
    if not isinstance(part, (Column, Expression, Relation)):
        yield f"{name} is a property of the model"
        return
    *wrappers, core = _steps(schema, definitions)
    if any("serialization" in step for step in (*wrappers, core)):
        yield f"{name} has a serializer"
    is_nullable = any(step["type"] == "nullable" for step in wrappers)
    if any(step["type"] == "function-after" and not _is_utc(step) for step in wrappers):
        yield f"{name} has a validator"
    if isinstance(part, Relation):
        yield from _relation_reasons(name, part, core, definitions, is_nullable=is_nullable)
    elif isinstance(part, Expression):
        if core["type"] not in EXPRESSIONS or set(core) - SILENT_KEYS:
            yield f"{name} is a {core['type']!r} that only pydantic can write"
    else:
        yield from _column_reasons(name, part, core, is_nullable=is_nullable)


def _column_reasons(name: str, part: Column, core: CoreSchema, *, is_nullable: bool) -> Iterator[str]:
    columns = part.attribute.property.columns
    if len(columns) != 1 or not isinstance(columns[0], TableColumn):
        yield f"{name} is not a plain column"
        return
    may_be_null = columns[0].nullable or any(map(may_lead_to_none, part.relations))
    if may_be_null and not is_nullable:
        yield f"{name} may be null in the database and not in the schema"
    if core["type"] not in COLUMN_TYPES or set(core) - SILENT_KEYS - _extra_keys(core, columns[0]):
        yield f"{name} is a {core['type']!r} that only pydantic can write"
    elif not _gives(columns[0].type, core):
        yield f"{name} is a {core['type']!r} from a column of the type {columns[0].type!r}"


def _relation_reasons(
    name: str, part: Relation, core: CoreSchema, definitions: CoreSchema, *, is_nullable: bool
) -> Iterator[str]:
    if part.is_list:
        if core["type"] != "list" or set(core) - {"type", "items_schema", "metadata"}:
            yield f"{name} is a list with rules"
            return
        core = core["items_schema"]
    elif part.may_be_null and not is_nullable:
        yield f"{name} may be null in the database and not in the schema"
    yield from _reasons(part.node, part.node.schema.__pydantic_core_schema__ if part.is_flat else core, definitions)


def _gives(column_type: TypeEngine[object], core: CoreSchema) -> bool:
    """Return True if the column yields exactly the values that the schema's type accepts unchanged."""
    if isinstance(column_type, UTCDateTime):
        return bool(core["type"] == "datetime")
    if isinstance(column_type, TypeDecorator) or not isinstance(column_type, COLUMN_TYPES[core["type"]]):
        return False
    if isinstance(column_type, Enum):
        return core["type"] == "enum" and column_type.enum_class is core["cls"] and _is_plain(core["members"])
    if isinstance(column_type, (Numeric, Float)):
        return bool(column_type.asdecimal == (core["type"] == "decimal"))
    return column_type.python_type in (int, str, bool, float, date, datetime, time) or getattr(
        column_type, "as_uuid", False
    )


def _is_plain(members: Iterable[enum.Enum]) -> bool:
    return all(type(member.value) in (str, int) for member in members)


def _extra_keys(core: CoreSchema, column: TableColumn[object]) -> set[str]:
    # The limits of the type `Id` hold for every key that a database generates.
    if core["type"] == "int" and (column.primary_key or column.foreign_keys):
        return {"ge", "le"} if (core.get("ge"), core.get("le")) == (1, LARGEST_ID) else set()
    return {"cls", "members", "missing", "sub_type"} if core["type"] == "enum" and not core.get("missing") else set()


def _steps(schema: CoreSchema, definitions: CoreSchema) -> Iterator[CoreSchema]:
    """Yield `schema` and the schemas that it wraps, from the outside in; the last one is the type itself."""
    while True:
        if schema["type"] == "definition-ref":
            schema = definitions[schema["schema_ref"]]
            continue
        yield schema
        if schema["type"] not in ("default", "nullable", "missing-sentinel") and not _is_utc(schema):
            return
        schema = schema["schema"]


def _model(schema: CoreSchema, definitions: CoreSchema) -> tuple[CoreSchema, CoreSchema]:
    if schema["type"] == "definitions":
        definitions = {**definitions} | {one["ref"]: one for one in schema["definitions"]}
        schema = schema["schema"]
    while schema["type"] == "definition-ref":
        schema = definitions[schema["schema_ref"]]
    return schema, definitions


def _is_utc(schema: CoreSchema) -> bool:
    return schema["type"] == "function-after" and schema["function"].get("function") is in_utc
