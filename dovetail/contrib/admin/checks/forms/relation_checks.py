"""Find invalid options for choosing related objects: without results, or with values that must not be shown."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

from sqladmin import BaseView
from sqlalchemy import inspect
from sqlalchemy.orm import Mapper

from dovetail.contrib.admin.change_list.view import ChangeListView
from dovetail.contrib.admin.checks.option_checks import IN_SQL
from dovetail.contrib.admin.columns.attributes import HARMLESS, find, holds_secret, name_of
from dovetail.contrib.admin.columns.identifiers import primary_keys
from dovetail.contrib.admin.columns.readers import is_text
from dovetail.contrib.admin.forms.layout import names_in
from dovetail.contrib.admin.options.relations import OTHERS, searches
from dovetail.contrib.admin.rules.fields import behind_proxy
from dovetail.contrib.admin.sqladmin_private import are_conditions
from dovetail.contrib.admin.view_base import declared_layout
from dovetail.contrib.admin.views import ModelAdmin

SHOWN = ("list_display", "details_display", "export_display", "readonly_fields")
AUTOCOMPLETE_OPTIONS = frozenset({"fields", "order_by", "limit", "where"})


def find_unread_collections(view: type[ChangeListView]) -> Iterator[str]:
    """Find relations that a page would show or edit, and whose rows are no list or set once they are loaded."""
    for option in SHOWN:
        for name in map(name_of, getattr(view, option, ())):
            yield from (f"{option} names {problem}" for problem in _refuse_unread(view.model, name))
    for name in names_in(declared_layout(view)):
        yield from (f"fields names {problem}" for problem in _refuse_unread(view.model, name))


def find_autocompletes(view: type[ChangeListView]) -> Iterator[str]:
    """Find invalid entries of `autocomplete_fields` and the like, and relations that two of these options name."""
    mapper: Mapper[object] = inspect(view.model)
    relations = mapper.relationships
    for name, options in searches(view.autocomplete_fields).items():
        where = f"autocomplete_fields[{name!r}]"
        if name not in relations:
            yield f"{where} is for a relation, which {view.model.__name__} does not have under this name"
        elif not isinstance(options, Mapping) or not set(options) <= AUTOCOMPLETE_OPTIONS:
            yield f"{where} is {options!r}, expected a dict with some of {', '.join(sorted(AUTOCOMPLETE_OPTIONS))}"
        else:
            target = relations[name].mapper.class_
            yield from (f"{where} {problem}" for problem in _refuse_autocomplete(target, options))
    for option in OTHERS:
        for name in map(name_of, getattr(view, option)):
            if name not in relations:
                yield f"{option} names {name!r}, which is no relation of {view.model.__name__}"
            elif problem := _refuse_way(mapper, option, name):
                yield f"{option} names {name!r}, {problem}"
    named = [*searches(view.autocomplete_fields), *(name_of(one) for option in OTHERS for one in getattr(view, option))]
    for name, count in Counter(named).items():
        if count > 1:
            yield f"{name!r} is chosen in two ways; name it in one of autocomplete_fields, {', '.join(OTHERS)}"


def find_unsearchable(views: Iterable[type[BaseView]]) -> Iterator[str]:
    """Find autocompletes without `fields` whose related model has no view that searches."""
    models = [view for view in views if view.is_model and issubclass(view, ModelAdmin)]
    for view in models:
        mapper: Mapper[object] = inspect(view.model)
        for name, options in searches(view.autocomplete_fields).items():
            if name not in mapper.relationships or "fields" in options:
                continue
            target = mapper.relationships[name].mapper.class_
            related = _nearest(target, models)
            instead = f'or say what to search: autocomplete_fields = {{{name!r}: {{"fields": ("...",)}}}}'
            if not related:
                where = f"no view shows {target.__name__}"
                yield f"{view.__name__}: autocomplete_fields names {name!r}, and {where}; add one, {instead}"
            elif not any(map(_searches, related)):
                where = f"{related[0].__name__} of {target.__name__} has no search_fields"
                yield f"{view.__name__}: autocomplete_fields names {name!r}, and {where}; add them, {instead}"


def _searches(view: type[ModelAdmin]) -> bool:
    return bool(view.search_fields or view.full_text or view.get_search_fields is not ModelAdmin.get_search_fields)


def _nearest(target: type[object], views: Sequence[type[ModelAdmin]]) -> list[type[ModelAdmin]]:
    found = ([view for view in views if view.model is cls] for cls in target.__mro__)
    return next(filter(None, found), [])


def _refuse_way(mapper: Mapper[object], option: str, name: str) -> str:
    relation = mapper.relationships[name]
    if option != "raw_id_fields" and not relation.uselist:
        return "of which there is one only; name it in autocomplete_fields"
    keys = primary_keys(relation.mapper.class_)
    if option == "raw_id_fields" and relation.uselist and (len(keys) > 1 or is_text(keys[0].type)):
        return "whose keys may hold commas, which stand between them; name it in autocomplete_fields"
    return ""


def _refuse_unread(model: type[object], path: str) -> Iterator[str]:
    instead = "write an inline of its model, or a property that returns what is to be shown"
    steps = path.split(".")
    for count, step in enumerate(steps, start=1):
        mapper: Mapper[object] = inspect(model)
        relation = mapper.relationships.get(step)
        if relation is None:
            yield from _refuse_proxy(mapper, step, path)
            return
        name, kind = ".".join(steps[:count]), relation.collection_class
        if relation.lazy in {"dynamic", "write_only"}:
            yield f"{name!r}, whose rows are never loaded (lazy={relation.lazy!r}); {instead}"
        elif kind is not None and not isinstance(kind(), list | set):
            yield f"{name!r}, whose rows are kept by keys, and not in a list or a set; {instead}"
        model = relation.mapper.class_


def _refuse_proxy(mapper: Mapper[object], name: str, path: str) -> Iterator[str]:
    """Yield what is wrong with an association proxy that leads to objects: only those of a path are loaded."""
    relation, behind = behind_proxy(mapper, name)
    target = mapper.relationships.get(relation)
    if behind and target is not None and behind in target.mapper.relationships:
        instead = f"{path.removesuffix(name)}{relation}.{behind}"
        yield f"{path!r}, an association proxy that leads to objects; write the path: {instead!r}"


def _refuse_autocomplete(target: type[object], options: Mapping[str, object]) -> Iterator[str]:
    fields, order = options.get("fields"), options.get("order_by") or ()
    if "fields" in options and (not isinstance(fields, Sequence) or isinstance(fields, str) or not fields):
        yield "needs fields, a tuple of the columns to search"
        return
    fields = fields if isinstance(fields, Sequence) else ()
    order = order if isinstance(order, Sequence) and not isinstance(order, str) else (order,)
    for option, columns in (("fields", fields), ("order_by", order)):
        for name in map(name_of, columns):
            found = find(target, name)
            if found is None or found.kind not in IN_SQL or (option == "order_by" and "." in name):
                yield f"{option} names {name!r}, which is no column of {target.__name__}"
            elif holds_secret(found):
                yield f"{option} names {name!r}, which is never shown; {HARMLESS}"
    if fields and "." in name_of(fields[0]) and not order:
        yield "needs order_by, since its first field is not a column of its own"
    limit, where = options.get("limit", 1), options.get("where")
    if not isinstance(limit, int) or limit < 1:
        yield f"limit is {limit!r}, expected a whole number from 1"
    if where is not None and not callable(where) and not are_conditions(where):
        yield f"where is {where!r}, expected conditions or a function of request and term"
