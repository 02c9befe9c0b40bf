"""Name objects and fields in the messages that refuse an undo, as far as the user may know of the objects."""

import re
from abc import ABC, abstractmethod
from collections.abc import Collection, Sequence
from secrets import token_hex

from sqlalchemy import ColumnElement, inspect, select
from sqlalchemy.ext.asyncio import AsyncSession
from typing_extensions import override

from dovetail.contrib.auth.models import User
from dovetail.contrib.history.keys import values_of_keys
from dovetail.contrib.history.recording.recorded import RecordedTable
from dovetail.resources.policies.registered import Policies
from dovetail.resources.query.keys import among, key_from
from dovetail.translation.texts import gettext

Place = tuple[str, str]  # label of the model, key of the object


class Names(ABC):
    """Names for one user.

    A transaction may have changed objects that the user may not view, and such objects may stand in the way of its
    undo. So messages get placeholders for objects, which `filled` replaces when nothing is written any more.
    """

    def __init__(self, user: User) -> None:
        self._user = user
        self._objects: list[tuple[RecordedTable, str]] = []
        self._known: set[Place] = set()
        mark = token_hex(16)  # occurs in no other part of a message, since nobody knows it
        self._object, self._key = f"{mark}-object-{{}}-", f"{mark}-key-{{}}-"
        self._placeholder = re.compile(rf"{mark}-(object|key)-(\d+)-")

    def knows(self, model: str, key: str) -> None:
        """Remember an object that the user knows of, whether it exists or not."""
        self._known.add((model, key))

    def object_name(self, table: RecordedTable, key: str) -> str:
        """Return the placeholder for the name of an object."""
        return self._object.format(self._place_of(table, key))

    def key(self, table: RecordedTable, key: str) -> str:
        """Return the placeholder for the key of an object."""
        return self._key.format(self._place_of(table, key))

    async def filled(self, session: AsyncSession, message: str) -> str:
        """Return a message with the names of the objects that the user may view; of others it has the model only."""
        used = [self._objects[int(number)] for _, number in self._placeholder.findall(message)]
        seen = await self._seen(session, used)
        called = await self.called(used, seen)

        def replacement(found: re.Match[str]) -> str:
            table, key = self._objects[int(found[2])]
            place = (table.label, key)
            if found[1] == "key":
                return key if place in seen else gettext("another one")
            return called.get(place) or gettext("an object of %(model)s") % {"model": self.kind(table)}

        return self._placeholder.sub(replacement, message)

    def field(self, table: RecordedTable, name: str) -> str:  # noqa: ARG002 - subclasses use the table
        """Return the name of a field of such objects."""
        return name

    def kind(self, table: RecordedTable) -> str:
        """Return the name of the model of such objects."""
        return table.label

    async def called(self, used: Sequence[tuple[RecordedTable, str]], seen: Collection[Place]) -> dict[Place, str]:
        """Return the names of objects that the user may know of: those of `seen`, and perhaps others."""
        named = {(table.label, key): f"{self.kind(table)} {key}" for table, key in used}
        return {place: name for place, name in named.items() if place in seen}

    @abstractmethod
    def visible(self, model: type[object]) -> ColumnElement[bool]:
        """Return the condition on the objects that the user may view."""

    @abstractmethod
    def hidden(self, model: type[object]) -> frozenset[str]:
        """Return the fields that the user may not read."""

    def _place_of(self, table: RecordedTable, key: str) -> int:
        self._objects.append((table, key))
        return len(self._objects) - 1

    async def _seen(self, session: AsyncSession, used: Sequence[tuple[RecordedTable, str]]) -> set[Place]:
        places = {(table.label, key) for table, key in used}
        if self._user.is_superuser:
            return places
        found = places & self._known
        for label, model in {table.label: table.model for table, _ in used}.items():
            keys = {key for one, key in places - found if one == label}
            if model is not None and keys:
                found |= {(label, key) for key in await self._existing(session, model, keys)}
        return found

    async def _existing(self, session: AsyncSession, model: type[object], keys: Collection[str]) -> list[str]:
        columns = inspect(model).primary_key
        values = values_of_keys(columns, keys)
        chosen = among(columns, map(key_from, values.values()))
        rows = await session.execute(select(*columns).select_from(model).where(chosen, self.visible(model)))
        there = {tuple(row) for row in rows}
        return [key for key, value in values.items() if value in there]


class CodeNames(Names):
    """Names as code, the API and the log use them: `blog.post 12`, `author_id`."""

    def __init__(self, user: User, policies: Policies) -> None:
        super().__init__(user)
        self._policies = policies

    @override
    def visible(self, model: type[object]) -> ColumnElement[bool]:
        """Return the condition on the objects that the user may view."""
        return self._policies.of(model).where(self._user, "view")

    @override
    def hidden(self, model: type[object]) -> frozenset[str]:
        """Return the fields that the user may not read."""
        return self._policies.of(model).hidden(self._user)
