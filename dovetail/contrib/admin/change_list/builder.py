"""The query builder of a list: the fields and comparisons to choose from, and the current nested filter."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from dovetail.contrib.admin.change_list.change_list import ChangeList
from dovetail.contrib.admin.lists.where import LABELS, PARAMETER, FilterOption
from dovetail.contrib.admin.lists.where_text import Condition, NestedFilterError, Part, conditions_in, parse
from dovetail.translation.texts import gettext


@dataclass(frozen=True, kw_only=True)
class Builder:
    """The context of the query builder: the text of the filter, its error, and both as JSON for the script."""

    text: str
    error: str
    example: str
    names: Sequence[str]
    fields: str
    tree: str


async def make_builder(found: ChangeList, error: str = "") -> Builder | None:
    """Return the query builder; None if the list has no filters for it."""
    known = await found.filter_options()
    if not known:
        return None
    text = found.request.query_params.get(PARAMETER, "")
    return Builder(
        text=text,
        error=error,
        example=_example(known),
        names=[one.name for one in known],
        fields=json.dumps([_field(one) for one in known]),
        tree=json.dumps(await _tree(found, known, text)),
    )


def _example(known: Sequence[FilterOption]) -> str:
    first, *others = [f"{one.name} {one.comparisons[0]} {_value(one)}" for one in known[:3]]
    return f"{first} and ({' or '.join(others)})" if len(others) > 1 else " and ".join([first, *others])


def _value(one: FilterOption) -> str:
    return one.choices[0][0] if one.comparisons[0] == "is" and one.choices else "…"


def _field(one: FilterOption) -> dict[str, object]:
    return {
        "name": one.name,
        "title": gettext(one.title),
        "comparisons": [[sign, str(LABELS[sign])] for sign in one.comparisons],
        "choices": [[value, str(label)] for value, label in one.choices],
        "isRelation": one.is_relation,
    }


async def _tree(found: ChangeList, known: Sequence[FilterOption], text: str) -> object:
    """Return the filter as JSON; None if it is invalid."""
    try:
        part = parse(text) if text.strip() else None
    except NestedFilterError:
        return None
    if part is None:
        return {"joinedBy": "and", "parts": []}
    relations = {one.name for one in known if one.is_relation}
    called: dict[tuple[str, str], str] = {}
    for name in relations:
        chosen = [one.value for one in conditions_in(part) if one.name == name]
        for option in await found.view.autocompletes[name].options(found.request, chosen):
            called[name, str(option["id"])] = str(option["text"])
    tree = _as_json(part, called)
    return tree if "parts" in tree else {"joinedBy": "and", "parts": [tree]}


def _as_json(part: Part, called: dict[tuple[str, str], str]) -> dict[str, object]:
    if isinstance(part, Condition):
        text = called.get((part.name, part.value), part.value)
        return {"name": part.name, "comparison": part.comparison, "value": part.value, "text": text}
    return {"joinedBy": part.joined_by, "parts": [_as_json(one, called) for one in part.parts]}
