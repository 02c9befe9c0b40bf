"""docs/where.md leads to the place that decides: in three files at most, by a word that stands in the first of them."""

import ast
import re
from pathlib import Path

import pytest

from tests.running import ROOT

PAGE = ROOT / "docs" / "where.md"
ROW = re.compile(r"^\| (?P<question>[a-z].*\?) \| `(?P<word>.+)` \| (?P<files>.+) \|$", re.MULTILINE)
FILE = re.compile(r"`(?P<path>[^`]+\.py)`(?: (?P<name>[\w.]+))?")
ROWS = [row.groupdict() for row in ROW.finditer(PAGE.read_text(encoding="utf-8"))]
MOST_FILES = 3


def defines(path: Path, name: str) -> bool:
    """True if a module has the function or class; `Class.method` is a method."""
    body = ast.parse(path.read_text(encoding="utf-8")).body
    for part in name.split("."):
        kinds = ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
        found = next((node for node in body if isinstance(node, kinds) and node.name == part), None)
        if found is None:
            return False
        body = found.body
    return True


def test_the_page_answers_every_question_in_few_files():
    assert len(ROWS) >= 20
    assert len(ROWS) == PAGE.read_text(encoding="utf-8").count("? | `")
    assert [row["question"] for row in ROWS if len(FILE.findall(row["files"])) > MOST_FILES] == []


@pytest.mark.parametrize("row", ROWS, ids=[row["question"] for row in ROWS])
def test_the_word_leads_to_the_file_and_the_functions_are_there(row):
    places = [(ROOT / "dovetail" / path, name) for path, name in FILE.findall(row["files"])]
    assert [path for path, _ in places if not path.is_file()] == []
    assert [name for path, name in places if name and not defines(path, name)] == []
    assert row["word"].lower() in places[0][0].read_text(encoding="utf-8").lower()


def test_every_package_is_listed_once():
    listed = re.findall(r"^- `([a-z_/]+)`: ", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    folders = [path.parent.relative_to(ROOT / "dovetail").as_posix() for path in ROOT.glob("dovetail/**/__init__.py")]
    known = [name for name in folders if name != "." and "templates" not in name]
    assert sorted(listed) == sorted(name for name in known if not re.fullmatch("contrib/.*/migrations", name))
