"""Count what an import has done."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field


@dataclass
class Report:
    """Counts by the noun that the report prints (`"posts"`, `"trackback"`)."""

    created: Counter[str] = field(default_factory=Counter)
    existing: Counter[str] = field(default_factory=Counter)
    skipped: Counter[str] = field(default_factory=Counter)
    changed: Counter[str] = field(default_factory=Counter)

    def lines(self) -> Iterator[str]:
        """Yield the lines of the report."""
        yield f"Imported: {_listed(self.created)}." if self.created.total() else "Nothing new: not one row was added."
        for title, counts in (("Already here", self.existing), ("Skipped", self.skipped), ("Changed", self.changed)):
            if counts.total():
                yield f"{title}: {_listed(counts)}."


def _listed(counts: Counter[str]) -> str:
    return ", ".join(f"{noun} {count:,}" for noun, count in counts.items() if count)
