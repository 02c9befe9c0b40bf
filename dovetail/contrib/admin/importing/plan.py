"""The plan of an import: the field of each column of the file, and the columns that identify existing rows."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from sqladmin.authorization import Action
from starlette.datastructures import FormData
from starlette.requests import Request

from dovetail.contrib.admin.importing.targets import KEY, Kind, Target, guess
from dovetail.contrib.admin.views import ModelAdmin
from dovetail.translation.texts import gettext

MATCH = "match"  # the field of the form that says by what rows are found


@dataclass(frozen=True)
class Permitted:
    """Says whether the user may add rows, and change some."""

    add: bool
    change: bool


@dataclass(frozen=True, kw_only=True)
class Plan:
    """The target of each column of a file, None for a column that is left out."""

    columns: Sequence[Target | None]
    match: Target | None = None

    def chosen(self, place: int) -> str:
        """Return the name of the target of a column; an empty text for none."""
        target = self.columns[place]
        return "" if target is None else target.name

    @property
    def written(self) -> list[Target]:
        """Return what is written of each row."""
        return [one for one in self.columns if one is not None and one.kind is not Kind.KEY]

    @property
    def match_places(self) -> list[int]:
        """Return the places of the columns that say which row is meant; none if the file has not all of them.

        A key has a column, or one for each of the fields that it is made of.
        """
        if self.match is None:
            return []
        names = [self.chosen(place) for place in range(len(self.columns))]
        wanted = (self.match.name,) if self.match.name in names else self.match.parts
        return [names.index(name) for name in wanted] if set(wanted) <= set(names) else []

    @property
    def adds_missing(self) -> bool:
        """True if a row that is not found is added: nothing has been said of a row by a key that is made for it."""
        return self.match is None or self.match not in self.columns or self.match.kind is not Kind.KEY

    def is_part_of_key(self, target: Target) -> bool:
        """Return whether a row that was found has what a column holds, since it was found by it."""
        return self.match is not None and target.name in self.match.parts

    def problems(self, targets: Mapping[str, Target], permitted: Permitted) -> Iterator[str]:
        """Yield what has to be chosen otherwise before a row is looked at."""
        fields = [one.field for one in self.columns if one is not None]
        labels = {one.field: one.label for one in targets.values() if one.kind is not Kind.RELATED}
        if not self.written:
            yield gettext("Say of one column at least what it is.")
        for name in dict.fromkeys(name for name in fields if fields.count(name) > 1):
            yield gettext("“%(name)s” is chosen for two columns.") % {"name": labels[name]}
        if self.match is not None and not self.match_places:
            yield gettext("Rows are to be found by “%(name)s”, which is chosen for no column.") % {
                "name": self.match.label
            }
        if self.match is None and not permitted.add:
            yield gettext("You may add nothing here. Choose by what the rows are found that you want to change.")
        if self.match is None:
            missing = [one.label for one in targets.values() if one.is_required and one.field not in fields]
            for label in missing:
                yield gettext("No column is “%(name)s”, which every new row needs.") % {"name": label}


async def find_permitted(view: ModelAdmin, request: Request) -> Permitted:
    """Return whether the user may add rows of a view, and whether there may be some that they may change."""
    may_add = view.can_create and view.has_permission(request, Action.CREATE) and await view.check_can_create(request)
    return Permitted(add=bool(may_add), change=view.can_edit and view.has_permission(request, Action.EDIT))


def matchable(targets: Mapping[str, Target], permitted: Permitted) -> list[Target]:
    """Return by what rows can be found that are there already."""
    found = [one for one in targets.values() if one.kind is Kind.KEY or one.is_unique]
    return found if permitted.change else []


def guess_plan(headings: Sequence[str], targets: Mapping[str, Target], permitted: Permitted) -> Plan:
    """Return the plan that headings suggest: rows with a key are those that have it."""
    columns = [targets.get(name) for name in guess(headings, targets)]
    by_key = Plan(columns=columns, match=targets[KEY])
    return by_key if permitted.change and by_key.match_places else Plan(columns=columns)


def read_plan(form: FormData, count: int, targets: Mapping[str, Target], permitted: Permitted) -> Plan:
    """Return the plan that a form says for a file of `count` columns; what it cannot mean is left out."""
    chosen = [targets.get(str(form.get(f"column-{place}", ""))) for place in range(count)]
    known = {one.name: one for one in matchable(targets, permitted)}
    return Plan(columns=chosen, match=known.get(str(form.get(MATCH, ""))))
