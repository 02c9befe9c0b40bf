"""What was measured, and its medians over the rounds."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

BASE = "raw"


@dataclass(frozen=True)
class Spread:
    """The median of the rounds, the lowest and the highest."""

    middle: float
    low: float
    high: float


@dataclass(frozen=True)
class Figures:
    """The file that `python -m benchmarks.run` writes; each measurement as its `Measurement` says."""

    facts: dict[str, Any]
    measurements: Sequence[dict[str, Any]]

    def workloads(self, prefix: str = "") -> list[str]:
        """The workloads whose names begin so, in the order in which they were measured."""
        names = dict.fromkeys(each["workload"] for each in self.measurements)
        return [name for name in names if name.startswith(prefix)]

    def contestants(self, workload: str) -> list[str]:
        """Who was measured on a workload."""
        return list(dict.fromkeys(each["contestant"] for each in self.measurements if each["workload"] == workload))

    def value(self, workload: str, contestant: str, key: str) -> float | None:
        """The median of a figure; None if it was not measured."""
        found = [value for value in self._rounds(workload, contestant, key) if value is not None]
        return median(found) if found else None

    def spread(self, workload: str, contestant: str, key: str) -> Spread | None:
        """A figure with its lowest and highest round."""
        found = self._rounds(workload, contestant, key)
        return _spread(found) if found else None

    def ratio(self, workload: str, contestant: str, key: str) -> Spread | None:
        """A figure in multiples of raw's of the same round."""
        own, base = self._rounds(workload, contestant, key), self._rounds(workload, BASE, key)
        return _spread([mine / its for mine, its in zip(own, base, strict=True)]) if own and base else None

    def difference(self, workload: str, contestant: str, key: str, base: str) -> Spread | None:
        """What `base` has more of a figure than a contestant has, in the same round."""
        own, more = self._rounds(workload, contestant, key), self._rounds(workload, base, key)
        return _spread([its - mine for mine, its in zip(own, more, strict=True)]) if own and more else None

    def _rounds(self, workload: str, contestant: str, key: str) -> list[Any]:
        return [
            each[key] for each in self.measurements if each["workload"] == workload and each["contestant"] == contestant
        ]


def read(path: Path) -> Figures:
    """Read the file. Raises OSError and ValueError if there is none or if it is none of ours."""
    found = json.loads(path.read_text(encoding="utf-8"))
    return Figures(found["facts"], found["measurements"])


def _spread(values: Sequence[float]) -> Spread:
    return Spread(median(values), min(values), max(values))
