"""Read what is answered to each requirement of OWASP ASVS, and find what is wrong with it."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

REPOSITORY = Path(__file__).parents[3]
ANSWERS = Path(__file__).with_name("answers.txt")
KINDS = ("shown", "page", "held", "n/a", "yours", "not yet")
REQUIREMENT = re.compile(r"(\d+\.\d+\.\d+) ([12]) (.+)")
ANSWER = re.compile(rf"  ({'|'.join(map(re.escape, KINDS))}) +(.+)")


@dataclass
class Requirement:
    """One requirement, and the answers to it by their kind."""

    number: str
    level: int
    asks: str
    chapter: str
    answers: dict[str, list[str]] = field(default_factory=dict)

    @property
    def kind(self) -> str:
        """What is to be said first: that something is missing, if it is."""
        order = ("not yet", "shown", "held", "page", "yours", "n/a")
        return next((kind for kind in order if kind in self.answers), "unexplained")


def read_answers() -> list[Requirement]:
    """Return the requirements in their order. Raises ValueError for a line that is none of these."""
    found: list[Requirement] = []
    chapter = ""
    for number, line in enumerate(ANSWERS.read_text(encoding="utf-8").splitlines(), 1):
        if line.startswith("## "):
            chapter = line.removeprefix("## ")
        elif match := REQUIREMENT.fullmatch(line):
            found.append(Requirement(match[1], int(match[2]), match[3], chapter))
        elif match := ANSWER.fullmatch(line):
            found[-1].answers.setdefault(match[1], []).append(match[2])
        elif line and not line.startswith("#"):
            raise ValueError(f"{ANSWERS.name}, line {number}: {line!r} is neither a requirement nor an answer")
    return found


def place_of(shown: str) -> tuple[Path, str]:
    """Return the file and the function of a test that is named as `contrib/auth/api/test_login::a_user_logs_in`."""
    module, _, name = shown.partition("::")
    return Path("tests", f"{module}.py"), f"test_{name}"


def problems(requirement: Requirement) -> Iterator[str]:
    """Yield what is wrong with the answers to a requirement."""
    if not requirement.answers:
        yield f"{requirement.number} is unexplained"
    for shown in requirement.answers.get("shown", ()):
        path, name = place_of(shown)
        if name not in functions_in(path):
            yield f"{requirement.number}: there is no test {path}::{name}"
    for page in requirement.answers.get("page", ()):
        if not (REPOSITORY / "docs" / page).exists():
            yield f"{requirement.number}: there is no page docs/{page}"


@cache
def functions_in(path: Path) -> frozenset[str]:
    """Return the names of the functions in a file of tests; none if there is no such file."""
    file = REPOSITORY / path
    if not file.exists():
        return frozenset()
    functions = (ast.FunctionDef, ast.AsyncFunctionDef)
    return frozenset(
        node.name for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))) if isinstance(node, functions)
    )
