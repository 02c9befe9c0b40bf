"""Write docs/asvs.md: `python -m tests.docs.asvs.page`."""

from collections import Counter
from collections.abc import Iterator
from itertools import groupby

from tests.docs.asvs.answers import KINDS, REPOSITORY, Requirement, place_of, read_answers

PAGE = REPOSITORY / "docs" / "asvs.md"
TITLES = {
    "shown": "shown by tests",
    "held": "held by how it is built",
    "page": "documented",
    "yours": "yours",
    "n/a": "not applicable",
    "not yet": "not yet",
}
HEAD = """\
# OWASP ASVS

The [Application Security Verification Standard](https://github.com/OWASP/ASVS) 5.0.0 of OWASP has {all} requirements of
level 1 and 2. Below is what this framework does about each: a test shows it, a rule of `make check` or the way it is
built holds it, a page says it, it does not apply, or it is *yours*, who build and run a site. **Not yet** is what is
missing. The numbers are OWASP's, the words are ours; the standard itself is licensed under
[CC BY-SA 4.0](https://creativecommons.org/licenses/by-sa/4.0/).

Nobody certified this: it is written by `python -m tests.docs.asvs.page` of `tests/docs/asvs/answers.txt`, and a test
fails if a test that is named here is gone, or a requirement is not answered.

| Answer | Level 1 | Level 2 |
|---|---|---|
{counts}
"""


def write_page() -> str:
    """Return the page."""
    found = read_answers()
    counts = Counter((requirement.kind, requirement.level) for requirement in found)
    rows = [f"| {TITLES[kind]} | {counts[kind, 1]} | {counts[kind, 2]} |" for kind in TITLES]
    parts = [HEAD.format(all=len(found), counts="\n".join(rows))]
    for chapter, requirements in groupby(found, lambda requirement: requirement.chapter):
        lines = "\n".join(_row(requirement) for requirement in requirements)
        parts.append(f"## {chapter}\n\n| | Level | Requirement | Answer |\n|---|---|---|---|\n{lines}\n")
    return "\n".join(parts)


def _row(requirement: Requirement) -> str:
    answers = "; ".join(_answers(requirement))
    return f"| {requirement.number} | {requirement.level} | {requirement.asks} | {answers} |"


def _answers(requirement: Requirement) -> Iterator[str]:
    for kind in KINDS[::-1]:  # what is missing first
        for text in requirement.answers.get(kind, ()):
            yield _answer(kind, text)


def _answer(kind: str, text: str) -> str:
    if kind == "shown":
        path, name = place_of(text)
        return f"[{name.removeprefix('test_').replace('_', ' ')}](../{path.as_posix()})"
    if kind == "page":
        return f"[{text}]({text})"
    named = {"held": "", "n/a": "not applicable: ", "yours": "*yours:* ", "not yet": "**not yet:** "}
    return named[kind] + text


if __name__ == "__main__":
    PAGE.write_text(write_page(), encoding="utf-8")
