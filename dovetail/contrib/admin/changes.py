"""Create, change and delete objects in the transaction of the request, writing only the fields of the form."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from types import SimpleNamespace

from sqlalchemy import JSON, Column, inspect
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import ONETOMANY, Mapper
from starlette.requests import Request

from dovetail.contrib.admin.columns.identifiers import identifier_of
from dovetail.contrib.admin.columns.readers import bare
from dovetail.contrib.admin.forms.saving_hooks import SENT_FORM
from dovetail.contrib.admin.options.new_objects import new_object, set_collection
from dovetail.contrib.admin.options.shared_columns import check_shared_columns, empty_relation
from dovetail.contrib.admin.request_context import request_context
from dovetail.contrib.admin.rules.rules import rules_of
from dovetail.contrib.admin.view_base import ViewBase
from dovetail.contrib.admin.web.responses import sendable
from dovetail.database.deletion.self_references import refer_no_more
from dovetail.errors import FieldError, InvalidInputError
from dovetail.resources.declaration.model_rules import why_objects_to_delete
from dovetail.resources.schemas.values.unsure_columns import refused_value
from dovetail.resources.write.locked_rows import delete_rows
from dovetail.translation.texts import gettext

Known = Mapping[str, Mapping[str, object]]  # the chosen objects, by relation and identifier
NOTHING_KNOWN: Known = {}


@dataclass(frozen=True, kw_only=True)
class MissingChoice(FieldError):  # noqa: N818 - it is a message, and never raised
    """The error of a field whose chosen object does not exist, or may not be chosen by the user."""

    missing: Sequence[str] = ()  # the keys


async def create(view: ViewBase, request: Request, data: dict[str, object]) -> object:
    """Insert an object with the values in `data`, and call the hooks of the view."""
    obj = new_object(view.model, data)
    await view.on_model_change(data, obj, True, request)  # noqa: FBT003 - SQLAdmin's signature
    moved = await set_attributes(view, request, obj, data)
    await _save(view, request, obj, data, is_change=False)
    await check_moved(request, moved)
    await after_change(view, request, obj, data, is_created=True)
    await view.audit(request, "create", obj, data)
    return obj


async def change(view: ViewBase, request: Request, obj: object, data: dict[str, object]) -> None:
    """Change an object to the values in `data`, and call the hooks of the view."""
    await view.on_model_change(data, obj, False, request)  # noqa: FBT003 - SQLAdmin's signature
    moved = await set_attributes(view, request, obj, data)
    await _save(view, request, obj, data, is_change=True)
    await check_moved(request, moved)
    await after_change(view, request, obj, data, is_created=False)
    await view.audit(request, "update", obj, data)


async def delete(view: ViewBase, request: Request, obj: object) -> None:
    """Delete an object, and call the hooks of the view."""
    await view.on_model_delete(obj, request)
    await view.delete_model(request, obj)
    await view.after_model_delete(obj, request)
    await view.audit(request, "delete", obj, None)


async def delete_many(view: ViewBase, request: Request, rows: Sequence[object]) -> None:
    """Delete objects, by one statement per table or, if needed, by the ORM, and call the hooks of the view for each."""
    session = request_context().session
    for obj in rows:
        await view.on_model_delete(obj, request)
    await session.flush()
    if why_objects_to_delete(view.model, type(session.sync_session)) is None:
        await delete_rows(session, view.model, rows)
    else:
        for obj in rows:
            await refer_no_more(session, obj)
        for obj in rows:
            await session.delete(obj)
        await session.flush()
    for obj in rows:
        await view.after_model_delete(obj, request)
        await view.audit(request, "delete", obj, None)


async def after_change(
    view: ViewBase, request: Request, obj: object, data: dict[str, object], *, is_created: bool
) -> None:
    """Call the view's hook for a saved object, and keep the response that it returns."""
    response = await view.after_model_change(data, obj, is_created, request)
    if response is not None:
        request_context().responses.append(await sendable(response, f"after_model_change of {type(view).__name__}"))


async def set_attributes(
    view: ViewBase, request: Request, obj: object, data: dict[str, object], known: Known = NOTHING_KNOWN
) -> list[object]:
    """Set the values in `data` on an object; return the related objects that this adds or removes.

    Related objects are loaded, except those that it refers to already and those in `known`, by relation and identifier.
    """
    mapper: Mapper[object] = inspect(view.model)
    # All are loaded before any is set: a query would flush an incomplete object.
    related = {
        name: await _related(view, request, obj, (name, value), known.get(name))
        for name, value in data.items()
        if name in mapper.relationships
    }
    moved = await _check_children(view, request, obj, related)
    check_shared_columns(obj, related)
    for name, value in data.items():
        if name in mapper.columns:
            set_column(obj, name, mapper.columns[name], value)
    for name, value in related.items():
        if value is None:
            empty_relation(obj, name)
        elif isinstance(value, list):
            set_collection(obj, name, value)
        else:
            setattr(obj, name, value)
    return moved


async def check_moved(request: Request, moved: Sequence[object]) -> None:
    """Raise PermissionDeniedError unless the user may change objects to their current values."""
    for model in {type(one) for one in moved}:
        rows = [one for one in moved if type(one) is model and inspect(one).persistent]
        await rules_of(request).check(request_context().session, model, "change", rows)


def set_column(obj: object, name: str, column: Column[object], value: object) -> None:
    """Set a column of an object; None for a NOT NULL column of a new object means its default.

    Raise InvalidInputError for None in a stored row.
    """
    if value is None and not column.nullable and inspect(obj).transient:
        return  # the default of the column
    if value == "" == inspect(obj).dict.get(name):
        return  # an emptied field becomes None; a stored empty text stays one
    stored = stored_value(name, column, value)
    try:
        setattr(obj, name, stored)
    except ValueError as error:  # raised by the model's `@validates`
        raise InvalidInputError(errors=[FieldError(pointer=f"/{name}", detail=str(error))]) from None


class EmptyText(str):
    """An empty text as a value, unlike the empty text of an empty field."""


def stored_value(name: str, column: Column[object], value: object) -> object:
    """Return the column's value for the value of a field. Raise InvalidInputError if a required one is missing."""
    if value is None and not column.nullable:
        detail = gettext("This field is required.")
        raise InvalidInputError(detail, errors=[FieldError(pointer=f"/{name}", detail=detail)])
    if isinstance(value, EmptyText):  # not converted, since some values pass here twice
        return value
    is_text = not isinstance(bare(column.type), JSON)  # a choice "" is a value like others
    return None if value == "" and column.nullable and is_text else value


def missing_choice(name: str, missing: Iterable[str]) -> InvalidInputError:
    """Return the error that the chosen objects, with these keys, do not exist."""
    detail = gettext("This choice is not there any more. Choose again.")
    choice = MissingChoice(pointer=f"/{name}", detail=detail, missing=tuple(sorted(missing)))
    return InvalidInputError(detail, errors=[choice])


def already_chosen(obj: object, name: str, identifiers: Collection[str]) -> list[object]:
    """Return the objects that an object refers to already: they may stay, even if the user could not choose them."""
    if inspect(obj).transient or name in inspect(obj).unloaded:
        return []
    value = getattr(obj, name)
    held = [] if value is None else list(value) if isinstance(value, list | set | tuple) else [value]
    return [one for one in held if identifier_of(one) in identifiers]


@contextmanager
def refusing_values(model: type[object], rows: Iterable[Mapping[str, object]]) -> Iterator[None]:
    """Raise InvalidInputError, with the fields of the rows, for a value that only the database can reject."""
    try:
        yield
    except DBAPIError as error:
        # The values are read from the data, since a failed flush expires the object.
        refused = next(filter(None, (refused_value(model, SimpleNamespace(**data), error) for data in rows)), None)
        if refused is None:
            raise
        raise refused from error


async def _related(
    view: ViewBase, request: Request, obj: object, chosen: tuple[str, object], known: Mapping[str, object] | None
) -> object:
    name, value = chosen
    mapper: Mapper[object] = inspect(view.model)
    many = mapper.relationships[name].uselist
    keys = value if many and isinstance(value, Iterable) else [value]
    identifiers = {str(one) for one in keys if one}
    found = already_chosen(obj, name, identifiers)
    added = sorted(identifiers.difference(map(identifier_of, found)))
    if known is not None:
        found += [known[one] for one in added if one in known]
    elif added:
        known_ids = set(map(id, found))  # a key may be written in two ways, `1` and `01`
        found += [one for one in await view.get_related(request, name, added) if id(one) not in known_ids]
    if len(found) != len(identifiers):
        raise missing_choice(name, identifiers.difference(map(identifier_of, found)))
    return list(found) if many else next(iter(found), None)


async def _save(view: ViewBase, request: Request, obj: object, data: Mapping[str, object], *, is_change: bool) -> None:
    """Save an object. A value that only the database can reject becomes an error of its field."""
    with refusing_values(view.model, [data]):
        await view.save_model(request, obj, SENT_FORM.find(request), is_change)


async def _check_children(view: ViewBase, request: Request, obj: object, related: Mapping[str, object]) -> list[object]:
    """Return the objects whose rows saving would write since they are added to, or removed from, a relation.

    Raise PermissionDeniedError unless the user may change them.
    """
    mapper: Mapper[object] = inspect(view.model)
    moved: list[object] = []
    for name, value in related.items():
        if mapper.relationships[name].direction is not ONETOMANY:
            continue
        before = set() if inspect(obj).transient else _as_set(getattr(obj, name))
        found = sorted(before ^ _as_set(value), key=identifier_of)
        model, rules = mapper.relationships[name].mapper.class_, rules_of(request)
        await rules.load(request_context().session, model, ["change"], found)
        rules.require(model, "change", found)
        moved += found
    return moved


def _as_set(value: object) -> set[object]:
    return set(value) if isinstance(value, list | set | tuple) else {value} - {None}
