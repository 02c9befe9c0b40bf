"""Determine the widget of each relation of a form from the options of its view."""

from collections.abc import Mapping, Sequence
from typing import TypeAlias

from dovetail.contrib.admin.columns.attributes import name_of
from dovetail.contrib.admin.options.options import Options

Choosing: TypeAlias = Mapping[str, Mapping[str, object]]  # the options of each relation's search
OTHERS = ("raw_id_fields", "filter_horizontal", "filter_vertical")  # options for other widgets than autocompletes


def searches(autocomplete_fields: Sequence[object] | Choosing) -> dict[str, Mapping[str, object]]:
    """Return the search options of each relation in `autocomplete_fields`, which may be a sequence or a mapping."""
    if isinstance(autocomplete_fields, Mapping):
        return {name_of(name): options for name, options in autocomplete_fields.items()}
    return {name_of(one): {} for one in autocomplete_fields}


def chosen_relations(view: Options | type[Options]) -> dict[str, Mapping[str, object]]:
    """Return all relations in a form of a view that have a widget, with their search options."""
    others: dict[str, Mapping[str, object]] = {name_of(one): {} for option in OTHERS for one in getattr(view, option)}
    return {**others, **searches(view.autocomplete_fields)}
