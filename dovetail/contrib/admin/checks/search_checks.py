"""Refuse searches that would read every row of a big table, or that ask an index that is not there."""

from collections.abc import Iterator

from sqlalchemy import Text

from dovetail.contrib.admin.columns.attributes import Kind, find, name_of
from dovetail.contrib.admin.views import ModelAdmin
from dovetail.database.search.search import FullText
from dovetail.errors import ConfigurationError


def find_slow_searches(view: type[ModelAdmin]) -> Iterator[str]:
    """Find texts of any length that are searched letter by letter, and full text without its index."""
    for name in map(name_of, view.column_searchable_list):
        found = find(view.model, name)
        kind = getattr(found.sql, "type", None) if found is not None and found.kind is Kind.COLUMN else None
        if isinstance(kind, Text) and not view.searches_texts:
            yield (
                f"column_searchable_list names {name!r}, a text of any length, which every search would read in every "
                "row; search its words by an index, full_text = full_text(...), or set searches_texts = True where "
                "rows are few"
            )
    if view.full_text is not None:
        yield from _find_missing_index(view, view.full_text)


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
