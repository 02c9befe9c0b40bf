"""The policies of the worlds: each asks the world that is current what its rule is."""

from sqlalchemy import ColumnElement
from typing_extensions import override

from dovetail.contrib.auth.access import UserPolicy
from dovetail.contrib.auth.models import User
from tests.contract.worlds.models import Folder, Label, Note
from tests.contract.worlds.rules import Model
from tests.contract.worlds.world import World, make_world


class Current:
    """Holds the world that the application lives in."""

    world: World = make_world(0)


class WorldPolicy(UserPolicy):
    """What the world's rules say."""

    def __init__(self, model: Model) -> None:
        self._model = model

    @override
    def where(self, viewer: User | None, action: str) -> ColumnElement[bool]:
        return Current.world.where(self._model, viewer, action)

    @override
    def hidden(self, viewer: User | None) -> frozenset[str]:
        return Current.world.fields["hidden"].of_viewer(viewer) if self._model is Note else frozenset()

    @override
    def read_only(self, viewer: User | None) -> frozenset[str]:
        return Current.world.fields["read_only"].of_viewer(viewer) if self._model is Note else frozenset()


NOTES, FOLDERS, LABELS = WorldPolicy(Note), WorldPolicy(Folder), WorldPolicy(Label)
