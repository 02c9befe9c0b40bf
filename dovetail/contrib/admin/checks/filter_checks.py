"""Find filters, autocompletes and searches that would fail, or scan every row, when they are used."""

from collections.abc import Iterator

from sqlalchemy import Boolean, Date, DateTime, Enum, Text

from dovetail.contrib.admin.checks.option_checks import IN_SQL, describe
from dovetail.contrib.admin.columns.attributes import HARMLESS, Attribute, Kind, find, holds_secret, name_of
from dovetail.contrib.admin.columns.readers import bare as bare_type
from dovetail.contrib.admin.lists.comparisons import operations_of
from dovetail.contrib.admin.lists.filtering import column_of
from dovetail.contrib.admin.lists.search import bare
from dovetail.contrib.admin.options.relations import chosen_relations
from dovetail.contrib.admin.views import EmptyFilter, ModelAdmin, RelationFilter, as_filter
from dovetail.database.search.search import FullText
from dovetail.errors import ConfigurationError

TAKEN = frozenset(
    {
        "year",
        "month",
        "day",
        "page",
        "pageSize",
        "_facets",
        "_columns",
        "where",
        "view",
        "search",
        "sortBy",
        "sort",
        "pks",
    }
)  # the query parameters of every list
NEEDED = ("parameter_name", "title", "template", "get_filtered_query")


def find_filters(view: type[ModelAdmin]) -> Iterator[str]:
    """Find filters on attributes that cannot be filtered, and filters with the same parameter or title."""
    taken = set(TAKEN)
    for one in view.list_filter:
        if problem := _refuse(view, one):
            yield f"list_filter {problem}"
            continue
        made = as_filter(view.model, one)
        parameter = made.parameter_name
        if parameter in taken:
            by = "the list" if parameter in TAKEN else "another filter"
            yield f"list_filter has a filter with the parameter {parameter!r}, which {by} uses; set parameter_name"
        taken |= {parameter, f"{parameter}_op", *getattr(made, "bounds", ())}


def find_date_hierarchy(view: type[ModelAdmin]) -> Iterator[str]:
    """Find a `date_hierarchy` that is no column of dates."""
    name = None if view.date_hierarchy is None else name_of(view.date_hierarchy)
    found = None if name is None else find(view.model, name)
    is_date = found is not None and found.kind is Kind.COLUMN and isinstance(bare_type(found.sql.type), Date | DateTime)
    if name is not None and ("." in name or not is_date):
        yield f"date_hierarchy names {name!r}, which is no column of dates of {view.model.__name__}"


def find_slow_searches(view: type[ModelAdmin]) -> Iterator[str]:
    """Find texts of any length that are searched letter by letter, and full text without its index."""
    for name in [bare(name) for name in map(name_of, view.search_fields) if not name.startswith("@")]:
        found = find(view.model, name)
        kind = getattr(found.sql, "type", None) if found is not None and found.kind is Kind.COLUMN else None
        if isinstance(kind, Text) and not view.searches_texts:
            yield (
                f"search_fields names {name!r}, a text of any length, which every search would read in every "
                "row; search its words by an index, full_text = full_text(...), or set searches_texts = True where "
                "rows are few"
            )
    indexed = view.full_text.columns if view.full_text is not None else ()
    for name in map(name_of, view.search_fields):
        if name.startswith("@") and bare(name) not in indexed:
            yield f"search_fields names {name!r}, which full_text does not index; set full_text = full_text(...)"
    if view.full_text is not None:
        yield from _find_missing_index(view, view.full_text)


def _refuse(view: type[ModelAdmin], one: object) -> str:
    if isinstance(one, type):
        return f"holds the class {one.__name__}, expected an instance: {one.__name__}(...)"
    if isinstance(one, RelationFilter):
        return _refuse_relation(view, one.relation.key)
    if isinstance(one, tuple):
        return _refuse_pair(view, one)
    if isinstance(one, EmptyFilter):
        return "" if find(view.model, name_of(one.column)) else _refuse_attribute(view, name_of(one.column))
    column = getattr(one, "column", None) or getattr(one, "foreign_key", None)
    if not isinstance(one, str) and hasattr(one, "get_filtered_query") and column is None:
        missing = [name for name in NEEDED if not hasattr(one, name)]
        return f"holds {one!r}, which has no {missing[0]}" if missing else ""
    return _refuse_attribute(view, name_of(one if column is None else column))


def _refuse_pair(view: type[ModelAdmin], pair: tuple[object, ...]) -> str:
    if len(pair) != 2 or not hasattr(pair[1], "get_filtered_query"):  # noqa: PLR2004 - a name and a class
        return f"holds {pair!r}, expected a name and a filter, such as ('author', EmptyFilter)"
    name = name_of(pair[0])
    found = find(view.model, name)
    if found is not None and pair[1] is EmptyFilter and not holds_secret(found):
        return "" if "." not in name else f"names {name!r}, which is of another object"
    return _refuse_attribute(view, name)


def _refuse_attribute(view: type[ModelAdmin], name: str) -> str:
    found = find(view.model, name)
    if found is None:
        return f"names {name!r}, which is no column and no relation of {view.model.__name__}"
    if holds_secret(found):
        return f"names {name!r}, which is never shown; {HARMLESS}"
    if found.kind is Kind.RELATION and "." in name:
        return f"names {name!r}, a relation of another object; filter by a column of it"
    if found.kind is Kind.RELATION:
        return _refuse_relation(view, name)
    return "" if _can_be_compared(found) else f"names {name!r}, {describe(found)}, with which nothing can be compared"


def _refuse_relation(view: type[ModelAdmin], name: str) -> str:
    if name in chosen_relations(view):
        return ""
    return f"filters by the relation {name!r} without an autocomplete; add autocomplete_fields = ({name!r},)"


def _can_be_compared(found: Attribute) -> bool:
    if found.kind not in IN_SQL:
        return False
    column_type = column_of(found.owner, found.name).type
    return isinstance(column_type, Boolean | Enum) or bool(operations_of(column_type))


def _find_missing_index(view: type[ModelAdmin], full_text: FullText) -> Iterator[str]:
    try:
        is_indexed = full_text.is_indexed(view.model)
    except ConfigurationError as error:
        yield f"full_text {error.detail}"
        return
    if not is_indexed:
        yield (
            f"full_text is of columns without an index; write full_text({view.model.__name__}, ...) below the "
            "model and run makemigrations"
        )
