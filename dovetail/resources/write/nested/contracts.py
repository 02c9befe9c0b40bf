"""The interface of `Writer` that nested rows use: it stands here so that `nested` need not import `writer.py`."""

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
    """A change that a client requests for a locked row."""

    item: Model
    data: Update | Replace
    if_match: str | None


class NestedWriter(Protocol):
    """Tells whether bodies have nested objects."""

    def are_named(self, bodies: Sequence[BaseModel]) -> bool:
        """Return True if one of the bodies sets a nested field."""


class RowCreator(Protocol):
    """Creates rows of a model; see `creator.py`."""

    def check_create(self, viewer: object, data: BaseModel) -> None:
        """Raise PermissionDeniedError if the body sets a field that the viewer may not write."""

    async def create_items(
        self, session: AsyncSession, viewer: object, items: Sequence[BaseModel], found: None, known: Sequence[Values]
    ) -> list[Hashable]:
        """Create rows; `known` has, for each row, values that are not in its body. Return the keys."""


class RowWriter(Protocol):
    """Writes rows of a model; see `writer.py`."""

    @property
    def spec(self) -> Spec:
        """The declaration of the rows."""

    @property
    def nested(self) -> NestedWriter:
        """The writer of the rows nested in them."""

    @property
    def creator(self) -> RowCreator:
        """The object that creates the rows."""

    def check_update(self, viewer: object, change: "Change[object, BaseModel, BaseModel]") -> None:
        """Raise as `RowCreator.check_create` does."""

    def check_delete(self, viewer: object, item: object) -> None:
        """Call the policy's deprecated hook, and let its error through."""

    async def update_items(
        self, session: AsyncSession, viewer: object, changes: "Sequence[Change[object, BaseModel, BaseModel]]"
    ) -> set[Hashable]:
        """Update rows; return the keys of the rows whose nested objects changed."""

    async def delete_items(self, session: AsyncSession, items: Sequence[object]) -> None:
        """Delete rows."""
