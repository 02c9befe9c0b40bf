"""An export of all columns that can be imported: the fields of the form, and the key by which rows are found.

Related objects are named by their keys, so that the file can be imported again, as new rows or as changes.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

from sqlalchemy.exc import InvalidRequestError
from starlette.requests import Request

from dovetail.contrib.admin.columns.columns import column_for
from dovetail.contrib.admin.columns.identifiers import identifier_of
from dovetail.contrib.admin.exporting.export import LISTS, Export, Titles
from dovetail.contrib.admin.importing.plan import find_permitted
from dovetail.contrib.admin.importing.targets import KEY, KEY_NAMES, Kind, Target, guess, targets_of
from dovetail.contrib.admin.views import ModelAdmin

PARAMETER = "_columns"  # query parameter of an export
IMPORTABLE = "import"  # its value


@dataclass(frozen=True, kw_only=True)
class ImportableExport(Export):
    """Writes the rows of `statement`, with the targets of an import by their names in the file."""

    targets: Mapping[str, Target]
    reads_columns: ClassVar[bool] = False

    @cached_property
    def names(self) -> Sequence[str]:
        """The names of the columns in the file."""
        return list(self.targets)

    @cached_property
    def labels(self) -> Sequence[str]:
        """The headings: the labels of the fields, or their names if an import would take a label for another field."""
        targets = {one.name: one for one in self.targets.values()}
        labels = [one.label for one in targets.values()]
        guessed = zip(self.targets.items(), labels, guess(labels, targets), strict=True)
        return [label if found == one.name else name for (name, one), label, found in guessed]

    @cached_property
    def paths(self) -> Sequence[str]:
        """The attributes to load."""
        return [one.field for one in self.targets.values() if one.kind is not Kind.KEY]

    async def cells_of(self, one: object, titles: Titles) -> list[object]:
        """Return the values of a row."""
        return [
            identifier_of(one) if target.kind is Kind.KEY else self._value(one, target.field, titles)
            for target in self.targets.values()
        ]

    def _value(self, one: object, name: str, titles: Titles) -> object:
        try:
            value = getattr(one, name, None)
        except InvalidRequestError as error:
            if not self.rights.fields.is_masked(error):
                raise
            value = None
        if name not in self.view.mapper.relationships:
            return self.written(value, self.writes.get(name), titles)
        if not isinstance(value, LISTS):
            return None if value is None else identifier_of(value)
        keys = [identifier_of(part) for part in value]
        return keys if self.writer.keeps_structure or not keys else json.dumps(keys)


async def importable_columns(view: ModelAdmin, request: Request) -> Mapping[str, Target]:
    """Return by their names in the file the columns that the user may export and import; none without the right to.

    A key that the form edits has no column of its own besides its fields.
    """
    permitted = await find_permitted(view, request)
    if not (view.can_import and await view.check_can_import(request) and permitted.change):
        return {}
    targets = await targets_of(view, request)
    key = targets[KEY]
    shown = {*view.shown(request, [name for name in targets if name != KEY and _is_shown(view, name)])}
    fields = {name: one for name, one in targets.items() if one.kind is Kind.FIELD and name in shown}
    if key.parts and fields.keys() >= set(key.parts):
        return fields
    name = next(one for one in KEY_NAMES if guess([one], targets) == [KEY])
    return {name: key, **fields}


def _is_shown(view: ModelAdmin, name: str) -> bool:
    return column_for(type(view), view.model, name) is not None
