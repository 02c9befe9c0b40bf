"""An interface for storages of the `limits` library: count several requests at once by GCRA.

The library knows windows, and asks a storage for the ones that it supports (https://limits.readthedocs.io/en/stable/
custom-storage.html). This is one interface more, of the same make.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession

from dovetail.contrib.throttling.statements import Cell


@dataclass(frozen=True)
class Taken:
    """The outcome of a cell; times are in microseconds from now.

    `ahead` is for how long what came so far lasts, this request included unless it was refused.
    """

    cell: Cell
    ahead: int
    refused: bool


class GcraSupport(ABC):
    """A storage that counts by GCRA."""

    @abstractmethod
    async def take_cells(self, cells: Sequence[Cell]) -> Sequence[Taken]:
        """Count a request against each cell, or against none if one refuses it; in the order of the cells."""

    @abstractmethod
    async def give_back_cells(
        self, cells: Sequence[Cell], remember: tuple[str, int] | None = None, session: AsyncSession | None = None
    ) -> None:
        """Take a request out of each cell again, and remember a key for some seconds from now on.

        A storage in the database of `session` does so in its transaction.
        """

    @abstractmethod
    async def forget_keys(self, prefix: str, part: str) -> int:
        """Forget the keys that begin with `prefix` and hold `part`, and return how many there were."""

    @abstractmethod
    async def remembers_key(self, key: str) -> bool:
        """Return True if the key is remembered."""
