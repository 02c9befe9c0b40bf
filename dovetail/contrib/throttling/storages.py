"""The interface of storages that count several requests at once with GCRA.

The `limits` library defines one interface for each algorithm that a storage supports (https://limits.readthedocs.io/en/
stable/custom-storage.html); this one has the same form.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession

from dovetail.contrib.throttling.statements import Cell


@dataclass(frozen=True)
class CellResult:
    """The outcome of counting a request in a cell.

    `ahead` is how far the bucket's `until` lies ahead of now, in microseconds; a refused request is not included.
    """

    cell: Cell
    ahead: int
    refused: bool


class GcraSupport(ABC):
    """A storage that counts with GCRA."""

    @abstractmethod
    async def take_cells(self, cells: Sequence[Cell]) -> Sequence[CellResult]:
        """Count a request in each cell, or in none if one refuses it; return the outcomes in the cells' order."""

    @abstractmethod
    async def give_back_cells(
        self, cells: Sequence[Cell], remember: tuple[str, int] | None = None, session: AsyncSession | None = None
    ) -> None:
        """Undo the counting of a request, and remember a key for some seconds from now on.

        A storage in the database of `session` uses its transaction.
        """

    @abstractmethod
    async def forget_keys(self, prefix: str, part: str) -> int:
        """Delete the keys that begin with `prefix` and contain `part`, and return how many there were."""

    @abstractmethod
    async def remembers_key(self, key: str) -> bool:
        """Return True if the key is remembered."""
