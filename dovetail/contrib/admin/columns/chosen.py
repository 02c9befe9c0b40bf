"""The columns of a list that its user chose to see, with their order and widths."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from dovetail.state import StateKey

NARROWEST, WIDEST = 40, 1_000  # pixels of a column


@dataclass(frozen=True, kw_only=True)
class ChosenColumns:
    """The columns of the list of one view, by name; `widths` are in pixels, of those that were given one."""

    identity: str
    names: Sequence[str]
    widths: Mapping[str, int] = field(default_factory=dict)

    def of(self, offered: Sequence[str]) -> list[str]:
        """Return those of the columns that are offered; all that are, if none of the chosen ones is any more."""
        return [name for name in self.names if name in offered] or list(offered)


CHOSEN = StateKey[ChosenColumns | None]("dovetail_admin_columns", "no list is shown")  # of a request
