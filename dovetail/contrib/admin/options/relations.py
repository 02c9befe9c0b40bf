"""Find the widget of each relation of a form from the options of its view."""

from collections.abc import Mapping, Sequence
from typing import TypeAlias

from dovetail.contrib.admin.columns.attributes import name_of
from dovetail.contrib.admin.options.options import Options

Choosing: TypeAlias = Mapping[str, Mapping[str, object]]  # by relation, what its search is told, if anything
OTHERS = ("raw_id_fields", "filter_horizontal", "filter_vertical")  # ways of choosing besides autocompletes


def searches(autocomplete_fields: Sequence[object] | Choosing) -> dict[str, Mapping[str, object]]:
    """Return what `autocomplete_fields` says of each relation, whether it names them or says how they are searched."""
    if isinstance(autocomplete_fields, Mapping):
        return {name_of(name): options for name, options in autocomplete_fields.items()}
    return {name_of(one): {} for one in autocomplete_fields}


def chosen_relations(view: Options | type[Options]) -> dict[str, Mapping[str, object]]:
    """Return every relation whose objects a form of a view chooses in some way, with what its search is told."""
    others: dict[str, Mapping[str, object]] = {name_of(one): {} for option in OTHERS for one in getattr(view, option)}
    return {**others, **searches(view.autocomplete_fields)}
