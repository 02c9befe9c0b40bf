"""Hold the public API to its rule; `python -m tests.docs.released_api` notes it down when a release is made.

What was released changes with a note in the changelog, and goes only after a release in which it was deprecated, by
`typing_extensions.deprecated` (PEP 702), which warns whoever uses it and tells type checkers.
"""

import json
from collections.abc import Iterator, Mapping

from tests.docs.public_api import ROOT, signatures

RELEASED = ROOT / "tests" / "docs" / "released_api.json"
CHANGELOG = ROOT / "CHANGELOG.md"


def released() -> dict[str, str]:
    """Return the signatures of the last release, by module and name."""
    found: dict[str, str] = json.loads(RELEASED.read_text(encoding="utf-8"))
    return found


def unreleased_changes() -> str:
    """Return what the changelog says of the time since the last release."""
    return CHANGELOG.read_text(encoding="utf-8").partition("## Unreleased")[2].partition("\n## ")[0]


def broken_promises(before: Mapping[str, str], now: Mapping[str, str], changes: str) -> Iterator[str]:
    """Yield a sentence for each name that changed since `before` without a note, or that went without a warning."""
    for name, signature in before.items():
        short = name.rpartition(".")[2]
        if name not in now and "@deprecated(" not in signature:
            yield f"{name} is gone, and was not deprecated in the last release: keep it below @deprecated for one"
        elif now.get(name) != signature and f"`{short}" not in changes:
            yield f"{name} is not what it was in the last release; say so of `{short}` below Unreleased in CHANGELOG.md"


if __name__ == "__main__":
    RELEASED.write_text(json.dumps(signatures(), indent=1, sort_keys=True) + "\n", encoding="utf-8")
