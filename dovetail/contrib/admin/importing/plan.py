"""The plan of an import: the field of each column of the file, and the columns that identify stored rows."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from sqladmin.authorization import Action
from starlette.datastructures import FormData
from starlette.requests import Request

from dovetail.contrib.admin.importing.targets import KEY, Kind, Target, guess
from dovetail.contrib.admin.views import ModelAdmin
from dovetail.translation.texts import gettext

MATCH = "match"  # the form field that selects by which columns rows are found


@dataclass(frozen=True)
class Permitted:
    """The permissions of the user to add rows and to change rows."""

    add: bool
    change: bool


@dataclass(frozen=True, kw_only=True)
class Plan:
    """The target of each column of a file; None for a column that is not imported."""

    columns: Sequence[Target | None]
    match: Target | None = None

    def chosen(self, place: int) -> str:
        """Return the name of the target of a column; an empty text if it is not imported."""
        target = self.columns[place]
        return "" if target is None else target.name

    @property
    def written(self) -> list[Target]:
        """Return the targets that are written."""
        return [one for one in self.columns if one is not None and one.kind is not Kind.KEY]

    @property
    def match_places(self) -> list[int]:
        """Return the positions of the columns that identify stored rows; none if the file lacks one of them.

        A composite key has a column for each of its fields.
        """
        if self.match is None:
            return []
        names = [self.chosen(place) for place in range(len(self.columns))]
        wanted = (self.match.name,) if self.match.name in names else self.match.parts
        return [names.index(name) for name in wanted] if set(wanted) <= set(names) else []

    @property
    def adds_missing(self) -> bool:
        """True if rows that are not found are added: not if they are found by a generated key."""
        return self.match is None or self.match not in self.columns or self.match.kind is not Kind.KEY

    def is_part_of_key(self, target: Target) -> bool:
        """Return whether a column is one of those by which rows are found, so that found rows have its values."""
        return self.match is not None and target.name in self.match.parts

    def problems(self, targets: Mapping[str, Target], permitted: Permitted) -> Iterator[str]:
        """Yield the problems of the plan itself, before any row is checked."""
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
    """Return whether the user may add rows of a view, and whether there may be rows that they may change."""
    may_add = view.can_create and view.has_permission(request, Action.CREATE) and await view.check_can_create(request)
    return Permitted(add=bool(may_add), change=view.can_edit and view.has_permission(request, Action.EDIT))


def matchable(targets: Mapping[str, Target], permitted: Permitted) -> list[Target]:
    """Return the names of the targets by which stored rows can be found."""
    found = [one for one in targets.values() if one.kind is Kind.KEY or one.is_unique]
    return found if permitted.change else []


def guess_plan(headings: Sequence[str], targets: Mapping[str, Target], permitted: Permitted) -> Plan:
    """Return the plan that the headings suggest: if there is a column for the key, rows are found by it."""
    columns = [targets.get(name) for name in guess(headings, targets)]
    by_key = Plan(columns=columns, match=targets[KEY])
    return by_key if permitted.change and by_key.match_places else Plan(columns=columns)


def read_plan(form: FormData, count: int, targets: Mapping[str, Target], permitted: Permitted) -> Plan:
    """Return the plan in a form for a file of `count` columns; unknown targets are ignored."""
    chosen = [targets.get(str(form.get(f"column-{place}", ""))) for place in range(count)]
    known = {one.name: one for one in matchable(targets, permitted)}
    return Plan(columns=chosen, match=known.get(str(form.get(MATCH, ""))))
