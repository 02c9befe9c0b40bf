"""The writer of a model's rows, as the rooms within it see it, and what it is asked to change."""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeAlias

from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncSession

from dovetail.resources.declaration.declared import Model, Replace, Update
from dovetail.resources.spec import Spec

Values: TypeAlias = Mapping[str, object]  # by attribute
NO_VALUES: Values = {}


@dataclass(frozen=True)
class Change(Generic[Model, Update, Replace]):
    """A change that a client asks for, of a row that is locked."""

    item: Model
    data: Update | Replace
    if_match: str | None


class NestedWriter(Protocol):
    """Tells whether bodies hold objects."""

    def are_named(self, bodies: Sequence[BaseModel]) -> bool:
        """Return True if one of them does."""


class RowWriter(Protocol):
    """Writes rows of a model, see `writer.py`."""

    @property
    def spec(self) -> Spec:
        """The declaration of the rows."""

    @property
    def nested(self) -> NestedWriter:
        """The writer of the rows within them."""

    def check_create(self, viewer: object, data: BaseModel) -> None:
        """Raise PermissionDeniedError for a field that the viewer may not write."""

    def check_update(self, viewer: object, change: "Change[object, BaseModel, BaseModel]") -> None:
        """Raise the same."""

    def check_delete(self, viewer: object, item: object) -> None:
        """Raise what a hook raises."""

    async def create_items(
        self, session: AsyncSession, viewer: object, items: Sequence[BaseModel], found: None, known: Sequence[Values]
    ) -> list[Hashable]:
        """Create rows with values that do not stand in their bodies; return their keys."""

    async def update_items(
        self, session: AsyncSession, viewer: object, changes: "Sequence[Change[object, BaseModel, BaseModel]]"
    ) -> set[Hashable]:
        """Update rows; return the keys of those within which something has changed."""

    async def delete_items(self, session: AsyncSession, items: Sequence[object]) -> None:
        """Delete rows."""
