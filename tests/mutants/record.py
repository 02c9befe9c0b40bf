"""What became of each mutant, kept so that a run goes on where the last one stopped."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path

from tests.mutants.mutations import Mutant

FILE = Path("var/mutants/verdicts.jsonl")
FINISHED = Path("var/mutants/finished.json")
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


def finished(drawn: str) -> dict[str, str]:
    """Return the modules of which all mutants that are `drawn` this way were judged, with their digests then."""
    return _finished().get(drawn, {})


def finish(drawn: str, digests: Mapping[str, str]) -> None:
    """Note modules of which all mutants were judged."""
    FINISHED.parent.mkdir(parents=True, exist_ok=True)
    FINISHED.write_text(json.dumps(_finished() | {drawn: finished(drawn) | dict(digests)}, indent=1))


def _finished() -> dict[str, dict[str, str]]:
    told: dict[str, dict[str, str]] = json.loads(FINISHED.read_text()) if FINISHED.exists() else {}
    return told
