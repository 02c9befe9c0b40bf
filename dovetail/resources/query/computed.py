"""Tell whether SQL can compare an attribute that is no column, as it can a hybrid property with SQL of a known type."""

from inspect import getattr_static

from sqlalchemy.ext.hybrid import HybridExtensionType
from sqlalchemy.orm import Mapper
from sqlalchemy.types import NullType


def uncompared(mapper: Mapper[object], name: str) -> str | None:
    """Return why an attribute that is no column cannot be compared, and what to do; None if it can be.

    The text is empty if the model has no such attribute.
    """
    model = mapper.class_
    if name in mapper.relationships:
        column = next(iter(mapper.relationships[name].mapper.column_attrs)).key
        return f"is a relation; name a column of it, such as {name}__{column}"
    found = mapper.all_orm_descriptors.get(name)
    if found is not None and found.extension_type is HybridExtensionType.HYBRID_PROPERTY:
        return _uncompared_hybrid(model, name)
    if getattr_static(model, name, None) is None or name.startswith("_"):
        return ""
    return "is no SQL, so the database does not know it; make it a hybrid_property with an expression"


def _uncompared_hybrid(model: type[object], name: str) -> str | None:
    advice = f"give it some: @{name}.inplace.expression"
    try:
        made = getattr(model, name)
    except Exception as error:  # noqa: BLE001 - a hybrid without SQL runs on columns, and may raise anything
        return f"is a hybrid property without SQL ({type(error).__name__}); {advice}"
    if not hasattr(made, "__clause_element__") or not hasattr(made, "type"):
        return f"is a hybrid property without SQL; {advice}"
    if isinstance(made.type, NullType):
        return "is a hybrid property whose SQL is of no known type; say it: func.length(..., type_=Integer), say"
    return None
