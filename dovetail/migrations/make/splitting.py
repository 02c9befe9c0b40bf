"""Orders units so that they can be applied, in one part a plugin, or in two where plugins need each other."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial

from sqlalchemy import ForeignKeyConstraint

from dovetail.errors import MigrationError
from dovetail.migrations.make.units import Key, Unit, break_out_foreign_keys


@dataclass(kw_only=True)
class Part:
    """The units of one new revision of one plugin."""

    plugin: str
    units: list[Unit]
    needs: set[int] = field(default_factory=set)  # positions of the parts it depends on


def split(units: Sequence[Unit]) -> list[Part]:
    """Gather `units` into parts, each after those it needs. Raise MigrationError if they cannot be ordered."""
    return _Splitter(units).run()


class _Splitter:
    def __init__(self, units: Sequence[Unit]) -> None:
        self.pending: dict[str, list[Unit]] = {}
        for unit in units:
            self.pending.setdefault(unit.plugin, []).append(unit)
        self.parts: list[Part] = []
        self.given: dict[Key, int] = {}  # what is there already, and the part that gave it

    def run(self) -> list[Part]:
        while self.pending:
            if not (self._emit_whole_plugin() or self._break_a_circle() or self._emit_what_is_ready()):
                raise MigrationError(
                    f"the changes of {' and '.join(self.pending)} need each other and cannot be ordered"
                )
        return self.parts

    def _emit_whole_plugin(self) -> bool:
        for plugin, units in self.pending.items():
            ready = self._ready(units)
            if len(ready) == len(units):
                self._emit(plugin, ready)
                return True
        return False

    def _break_a_circle(self) -> bool:
        """Stuck: take a foreign key out of a CREATE TABLE, first between plugins, then within one."""
        for between_plugins in (True, False):
            for plugin, units in self.pending.items():
                moved = self._break_out(units, between_plugins=between_plugins)
                if moved:
                    units.extend(moved)
                    if ready := self._ready(units):
                        self._emit(plugin, ready)
                    return True
        return False

    def _break_out(self, units: Sequence[Unit], *, between_plugins: bool) -> list[Unit]:
        own = {unit.table for unit in units}
        moved: list[Unit] = []
        for unit in units:
            waited_for = {key[1] for key in unit.needs if key[0] == "table" and key not in self.given}
            eligible = {name for name in waited_for if (name not in own) == between_plugins}
            moved += break_out_foreign_keys(unit, partial(_refers_to_one_of, eligible))
        return moved

    def _emit_what_is_ready(self) -> bool:
        for plugin, units in self.pending.items():
            if ready := self._ready(units):
                self._emit(plugin, ready)
                return True
        return False

    def _ready(self, units: Sequence[Unit]) -> list[Unit]:
        have, ready = set(self.given), []
        moved = True
        while moved:
            moved = False
            for unit in units:
                if unit not in ready and unit.needs <= have:
                    ready.append(unit)
                    have |= unit.gives
                    moved = True
        return ready

    def _emit(self, plugin: str, units: list[Unit]) -> None:
        needs = {self.given[key] for unit in units for key in unit.needs if key in self.given}
        for unit in units:
            self.given.update(dict.fromkeys(unit.gives, len(self.parts)))
        self.parts.append(Part(plugin=plugin, units=units, needs=needs))
        left = [unit for unit in self.pending[plugin] if unit not in units]
        if left:
            self.pending[plugin] = left
        else:
            del self.pending[plugin]


def _refers_to_one_of(names: set[str], _key: ForeignKeyConstraint, targets: set[str]) -> bool:
    return bool(targets & names)
