"""Save the rows of inlines by one DELETE, UPDATE and INSERT per table where the database allows it."""

from collections.abc import Mapping, Sequence
from typing import TypeAlias

from sqlalchemy import func, inspect, select
from sqlalchemy.orm import Mapper

from dovetail.contrib.admin import changes
from dovetail.contrib.admin.columns.identifiers import identifier_of
from dovetail.contrib.admin.inlines.formset_base import FormSetBase
from dovetail.contrib.admin.inlines.row_form import RowForm
from dovetail.contrib.admin.options.new_objects import new_object, set_collection
from dovetail.contrib.admin.options.shared_columns import empty_relation
from dovetail.contrib.admin.rules.rules import rules_of
from dovetail.contrib.admin.writing.updating import update_objects
from dovetail.errors import FieldError, InvalidInputError
from dovetail.translation.texts import gettext_lazy

Place: TypeAlias = tuple[str, str, str]  # the prefix of a row, a relation, and the identifier of an object
Related: TypeAlias = Mapping[Place, object]
NOT_THERE = gettext_lazy("This choice is not there any more. Choose again.")


async def prepare(formsets: Sequence[FormSetBase]) -> None:
    """Set the submitted values on the objects, and create new objects, without writing to the database."""
    formsets = [one for one in formsets if not one.is_prepared]
    if not formsets:
        return
    inline, request = formsets[0].inline, formsets[0].request
    rows = [row for formset in formsets for row in (*formset.changed_rows, *formset.new_rows)]
    related = await _find_related(formsets[0], rows)
    places = await _last_places(formsets)
    with formsets[0].session.no_autoflush:
        for formset in formsets:
            formset.is_prepared = True
            for row in formset.changed_rows:
                assert row.obj is not None  # noqa: S101 - a changed row is a stored one
                _set(row, row.obj, row.changes(), related)
                formset.changed_objects.append(row.obj)
            for row in formset.new_rows:
                row.made = new_object(inline.model, row.values())
                _set(row, row.made, row.values(), related)
                _take_place(formset, row.made, places)
                formset.new_objects.append(row.made)
    rules_of(request).require(inline.model, "change", [one for formset in formsets for one in formset.changed_objects])


async def save(formsets: Sequence[FormSetBase]) -> None:
    """Delete, change and add the rows of formsets of one inline, as the policy of their model allows."""
    inline, request, session = formsets[0].inline, formsets[0].request, formsets[0].session
    await _delete(formsets)
    await prepare(formsets)
    for formset in formsets:
        assert formset.instance is not None or not formset.new_objects  # noqa: S101 - the object is saved before its rows
        for obj in formset.new_objects:
            inline.link_to_parent.attach(obj, formset.instance)
    new = [obj for formset in formsets for obj in formset.new_objects]
    changed = [obj for formset in formsets for obj in formset.changed_objects]
    with session.no_autoflush:
        await update_objects(session, inline.model, changed)
    session.add_all(new)
    await session.flush()
    rules = rules_of(request)
    await rules.check(session, inline.model, "add", new)
    await rules.check(session, inline.model, "change", changed)
    for formset in formsets:
        for row in (*formset.new_rows, *formset.changed_rows):
            action, obj = ("create", row.made) if row.made is not None else ("update", row.obj)
            assert obj is not None  # noqa: S101 - it was made or was there
            await inline.audit(request, action, obj, row.changes())


async def _delete(formsets: Sequence[FormSetBase]) -> None:
    inline, request = formsets[0].inline, formsets[0].request
    for formset in formsets:
        formset.deleted_objects = [row.obj for row in formset.marked_rows if row.obj is not None]
    found = [obj for formset in formsets for obj in formset.deleted_objects]
    if found:
        rules_of(request).require(inline.model, "delete", found)
        await changes.delete_many(inline, request, found)


async def _find_related(formset: FormSetBase, rows: Sequence[RowForm]) -> Related:
    """Return the chosen related objects, one statement for each relation. Raise InvalidInputError for unknown keys."""
    found: dict[Place, object] = {}
    for relation in formset.inline.mapper.relationships.keys():  # noqa: SIM118 - it is no mapping
        found |= await _find_chosen(formset, relation, rows)
    return found


async def _find_chosen(formset: FormSetBase, relation: str, rows: Sequence[RowForm]) -> Related:
    """Return the objects chosen for a relation. Those that a row refers to already may stay in that row only."""
    chosen = {row.prefix: _identifiers(row.values().get(relation)) for row in rows if relation in _named(row)}
    found: dict[Place, object] = {}
    for row in rows:
        kept = [] if row.obj is None else changes.already_chosen(row.obj, relation, chosen.get(row.prefix, ()))
        found |= {(row.prefix, relation, identifier_of(obj)): obj for obj in kept}
    added = {(prefix, relation, one) for prefix, several in chosen.items() for one in several} - found.keys()
    wanted = sorted({one for _, _, one in added})
    objects = await formset.inline.get_related(formset.request, relation, wanted) if wanted else ()
    by_key = {identifier_of(obj): obj for obj in objects}
    for row in rows:
        if any(prefix == row.prefix and one not in by_key for prefix, _, one in added):
            raise _refusal(row, relation, NOT_THERE)
    return found | {place: by_key[place[2]] for place in added}


def _named(row: RowForm) -> Mapping[str, object]:
    return row.changes() if row.obj is not None else row.values()


def _identifiers(value: object) -> list[str]:
    several = value if isinstance(value, list | set | tuple) else [value]
    return [identifier_of(one) if hasattr(one, "__mapper__") else str(one) for one in several if one]


def _set(row: RowForm, obj: object, values: Mapping[str, object], related: Related) -> None:
    mapper: Mapper[object] = inspect(type(obj))
    for name, value in values.items():
        if name in mapper.relationships:
            objects = [related[row.prefix, name, one] for one in _identifiers(value)]
            if mapper.relationships[name].uselist:
                set_collection(obj, name, objects)
            elif objects:
                setattr(obj, name, objects[0])
            else:
                empty_relation(obj, name)
        elif name in mapper.columns:
            try:
                changes.set_column(obj, name, mapper.columns[name], value)
            except InvalidInputError as error:
                raise _refusal(row, name, error.detail) from error


def _refusal(row: RowForm, name: str, detail: str) -> InvalidInputError:
    return InvalidInputError(detail, errors=[FieldError(pointer=f"/{row.prefix}-{name}", detail=detail)])


async def _last_places(formsets: Sequence[FormSetBase]) -> dict[object, int]:
    """Return the highest value of `ordering_field` for each object, if new rows are appended."""
    inline, name = formsets[0].inline, formsets[0].inline.ordering_field
    parents = [one.instance for one in formsets if one.instance is not None and any(_has_no_place(one))]
    if name is None or not parents:
        return {}
    link, place = inline.link_to_parent, getattr(inline.model, name)
    statement = select(*link.columns, func.max(place)).where(link.condition(parents)).group_by(*link.columns)
    found = await formsets[0].session.execute(statement)
    return {tuple(row[:-1]): row[-1] if isinstance(row[-1], int) else 0 for row in found}


def _has_no_place(formset: FormSetBase) -> list[RowForm]:
    name = formset.inline.ordering_field
    return [row for row in formset.new_rows if name is not None and row.values().get(name) is None]


def _take_place(formset: FormSetBase, obj: object, places: dict[object, int]) -> None:
    name, parent = formset.inline.ordering_field, formset.instance
    if name is None or parent is None or getattr(obj, name) is not None:
        return
    key = formset.inline.link_to_parent.key_of_parent(parent)
    held = [getattr(one, name) or 0 for one in (*formset.changed_objects, *formset.new_objects)]
    places[key] = max(places.get(key, 0), *held, 0) + 1
    setattr(obj, name, places[key])
