"""What became of each mutant, kept so that a run goes on where the last one stopped."""

import json
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path

from tests.mutants.mutations import Mutant

FILE = Path("var/mutants/verdicts.jsonl")
SURVIVED, KILLED, HUNG, UNRUN = "survived", "killed", "hung", "unrun"
ALIVE = {SURVIVED, UNRUN}


@dataclass(frozen=True)
class Verdict:
    """What became of a mutant: killed by a test, hung, survived so many tests, or run by no test."""

    path: str
    digest: str  # of the module as it is
    key: str
    mutant: str
    verdict: str
    killer: str = ""
    tests: int = 0

    @property
    def survived(self) -> bool:
        """True if no test noticed the mutant."""
        return self.verdict in ALIVE


def key(mutant: Mutant) -> str:
    """Return the name under which a mutant is kept: the digest of the whole text of the module with the change."""
    return sha256(mutant.source.encode()).hexdigest()[:24]


def load() -> dict[str, Verdict]:
    """Return the last verdict on each mutant, by its key."""
    lines = FILE.read_text(encoding="utf-8").splitlines() if FILE.exists() else []
    return {told["key"]: Verdict(**told) for told in map(json.loads, lines)}


def add(verdict: Verdict) -> None:
    """Write a verdict down at once: whoever runs this may stop it at any time."""
    FILE.parent.mkdir(parents=True, exist_ok=True)
    with FILE.open("a", encoding="utf-8") as file:
        file.write(json.dumps(asdict(verdict)) + "\n")
