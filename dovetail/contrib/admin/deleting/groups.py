"""The contents of the page that confirms a deletion: groups of affected objects by kind, with names and counts."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import NamedTuple, TypeAlias

from dovetail.database.deletion.references import Effect
from dovetail.translation import formats
from dovetail.translation.texts import gettext, gettext_lazy

UNSEEN = gettext_lazy("Objects that you may not see.")
Line: TypeAlias = "ObjectGroup | str"


@dataclass(frozen=True)
class NamedObject:
    """The name of an object, with the URL of its page if the user may open it."""

    text: str
    identifier: str
    url: str | None = None


@dataclass(frozen=True, kw_only=True)
class ObjectGroup:
    """Objects of one model that a deletion deletes, that lose a reference, or that prevent it."""

    name: str  # in the plural, such as "comments"
    effect: Effect
    count: int  # the number of objects that the user may view
    is_more: bool = False  # whether there are more than `count`
    objects: Sequence[NamedObject] = ()  # the first ones
    is_bookkeeping: bool = False  # written by the site itself at any time, such as events

    @property
    def number(self) -> str:
        """Return the number of objects as text."""
        return (
            gettext("more than %(count)s") % {"count": formats.number(self.count)}
            if self.is_more
            else formats.number(self.count)
        )

    @property
    def further(self) -> int:
        """Return the number of objects that are not named."""
        return self.count - len(self.objects)


class UndoLimits(NamedTuple):
    """The kinds of objects that an undo of the deletion would not bring back, in the plural."""

    secret: Sequence[str] = ()  # their secrets are not recorded: nothing of the deletion can be undone
    unrecorded: Sequence[str] = ()  # they are left out


class DeletedObjects(NamedTuple):
    """The effects of a deletion, in the order of Django's `get_deleted_objects`."""

    deleted_objects: Sequence[Line]
    """What goes along, and what loses its reference (`Effect.EMPTY`); a text stands for itself."""
    model_count: Mapping[str, str | int]
    """How many objects of which kind go."""
    perms_needed: Iterable[str]
    """The kinds of objects that would go along and that the user may not delete: then nothing is deleted."""
    protected: Sequence[Line]
    """What stands in the way: then nothing is deleted."""
    undo_limits: UndoLimits = UndoLimits()
    """Found by Dovetail; a hook that returns four values leaves it out."""

    @property
    def is_refused(self) -> bool:
        """Return whether the deletion is refused."""
        return bool(list(self.perms_needed) or self.protected)

    def with_effect(self, effect: str) -> list[Line]:
        """Return the groups, or texts, that are deleted ("delete") or lose their reference ("empty")."""
        lines = self.deleted_objects
        return [one for one in lines if (one.effect.value if isinstance(one, ObjectGroup) else "delete") == effect]

    @property
    def fingerprint(self) -> str:
        """Return a fingerprint of the counts and names, which changes when other objects are affected.

        Rows that the site writes itself are ignored: otherwise repeated login attempts would prevent a deletion.
        """
        lines = [*self.deleted_objects, *self.protected]
        told = [_compared(one) for one in lines if isinstance(one, str) or not one.is_bookkeeping]
        return sha256(repr((told, sorted(self.perms_needed))).encode(errors="surrogatepass")).hexdigest()[:32]


GIVEN = DeletedObjects._fields[:4]  # by hooks


def as_deleted_objects(answer: Sequence[object]) -> DeletedObjects:
    """Return the result of a hook, whose entries may be nested lists of texts, as in Django.

    Raise TypeError unless it has four values.
    """
    if isinstance(answer, DeletedObjects):
        return answer
    if len(answer) != len(GIVEN):
        raise TypeError(f"get_deleted_objects returned {len(answer)} values, expected {', '.join(GIVEN)}")
    objects, count, needed, protected = answer
    return DeletedObjects(
        _lines(objects),
        dict(count) if isinstance(count, Mapping) else {},
        set(map(str, needed)) if isinstance(needed, Iterable) else set(),
        _lines(protected),
    )


def _lines(given: object) -> list[Line]:
    if isinstance(given, str | ObjectGroup) or not isinstance(given, Iterable):
        return [given if isinstance(given, str | ObjectGroup) else str(given)]
    return [line for one in given for line in _lines(one)]


def _compared(line: Line) -> object:
    if isinstance(line, str):
        return line
    return (line.name, line.effect.value, line.count, line.is_more, [one.identifier for one in line.objects])
