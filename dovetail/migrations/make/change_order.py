"""Order changes so that they can be applied, in one revision a plugin, or in two where plugins need each other."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial

from sqlalchemy import ForeignKeyConstraint

from dovetail.errors import MigrationError
from dovetail.migrations.make.table_changes import Key, TableChange, separate_foreign_keys


@dataclass(kw_only=True)
class RevisionChanges:
    """The changes of one new revision of one plugin."""

    plugin: str
    changes: list[TableChange]
    needs: set[int] = field(default_factory=set)  # positions of the parts it depends on


def order_changes(changes: Sequence[TableChange]) -> list[RevisionChanges]:
    """Gather `changes` into parts, each after those it needs. Raise MigrationError if they cannot be ordered."""
    return _Sorter(changes).run()


class _Sorter:
    def __init__(self, changes: Sequence[TableChange]) -> None:
        self.pending: dict[str, list[TableChange]] = {}
        for change in changes:
            self.pending.setdefault(change.plugin, []).append(change)
        self.parts: list[RevisionChanges] = []
        self.given: dict[Key, int] = {}  # what is there already, and the part that gave it

    def run(self) -> list[RevisionChanges]:
        while self.pending:
            if not (self._emit_whole_plugin() or self._break_a_circle() or self._emit_what_is_ready()):
                raise MigrationError(
                    f"the changes of {' and '.join(self.pending)} need each other and cannot be ordered"
                )
        return self.parts

    def _emit_whole_plugin(self) -> bool:
        for plugin, changes in self.pending.items():
            ready = self._ready(changes)
            if len(ready) == len(changes):
                self._emit(plugin, ready)
                return True
        return False

    def _break_a_circle(self) -> bool:
        """Stuck: take a foreign key out of a CREATE TABLE, first between plugins, then within one."""
        for between_plugins in (True, False):
            for plugin, changes in self.pending.items():
                moved = self._break_out(changes, between_plugins=between_plugins)
                if moved:
                    changes.extend(moved)
                    if ready := self._ready(changes):
                        self._emit(plugin, ready)
                    return True
        return False

    def _break_out(self, changes: Sequence[TableChange], *, between_plugins: bool) -> list[TableChange]:
        own = {change.table for change in changes}
        moved: list[TableChange] = []
        for change in changes:
            waited_for = {key[1] for key in change.needs if key[0] == "table" and key not in self.given}
            eligible = {name for name in waited_for if (name not in own) == between_plugins}
            moved += separate_foreign_keys(change, partial(_refers_to_one_of, eligible))
        return moved

    def _emit_what_is_ready(self) -> bool:
        for plugin, changes in self.pending.items():
            if ready := self._ready(changes):
                self._emit(plugin, ready)
                return True
        return False

    def _ready(self, changes: Sequence[TableChange]) -> list[TableChange]:
        have, ready = set(self.given), []
        moved = True
        while moved:
            moved = False
            for change in changes:
                if change not in ready and change.needs <= have:
                    ready.append(change)
                    have |= change.gives
                    moved = True
        return ready

    def _emit(self, plugin: str, changes: list[TableChange]) -> None:
        needs = {self.given[key] for change in changes for key in change.needs if key in self.given}
        for change in changes:
            self.given.update(dict.fromkeys(change.gives, len(self.parts)))
        self.parts.append(RevisionChanges(plugin=plugin, changes=changes, needs=needs))
        left = [change for change in self.pending[plugin] if change not in changes]
        if left:
            self.pending[plugin] = left
        else:
            del self.pending[plugin]


def _refers_to_one_of(names: set[str], _key: ForeignKeyConstraint, targets: set[str]) -> bool:
    return bool(targets & names)
