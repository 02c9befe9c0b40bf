"""The columns that a user chose for a list, with their order and widths."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from dovetail.state import StateKey

NARROWEST, WIDEST = 40, 1_000  # width of a column in pixels


@dataclass(frozen=True, kw_only=True)
class ChosenColumns:
    """The columns of a list, by name; `widths` has the widths in pixels of columns that have one."""

    identity: str
    names: Sequence[str]
    widths: Mapping[str, int] = field(default_factory=dict)

    def of(self, offered: Sequence[str]) -> list[str]:
        """Return the chosen columns that are offered; all offered ones if no chosen one is."""
        return [name for name in self.names if name in offered] or list(offered)


CHOSEN = StateKey[ChosenColumns | None]("dovetail_admin_columns", "no list is shown")  # of a request
