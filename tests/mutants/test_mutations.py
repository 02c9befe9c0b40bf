"""What `make mutants` breaks, and that a broken function is the one that runs."""

from importlib.util import module_from_spec
from pathlib import Path
from textwrap import dedent

import anyio
import pytest

from tests.mutants.choice import Choice
from tests.mutants.covered import Covered, Tried, digest
from tests.mutants.loading import Functions
from tests.mutants.marks import Marks
from tests.mutants.modules import EXCEPTED, MODULES, NAMES, ROOMS
from tests.mutants.mutations import Changes

ROOT = Path(__file__).parent.parent.parent


def changes(source):
    return {(mutant.before, mutant.after) for mutant in Changes(dedent(source)).mutants()}


def test_decorated_functions_and_what_runs_on_import_are_broken_too():
    found = changes("""\
        READER = "token"
        class Policy:
            @property
            @override
            def may(self):
                return 1 < self.rank
    """)
    assert found == {
        ('READER = "token"', "READER = None"),
        ('READER = "token"', 'READER = "XXtokenXX"'),
        ("return 1 < self.rank", "return 2 < self.rank"),
        ("return 1 < self.rank", "return 1 <= self.rank"),
    }


@pytest.mark.parametrize(
    ("source", "broken"),
    [
        ("select(User).with_for_update()", "select(User)"),  # a lock
        ("delete(a, b)", "delete(b)"),
        ("delete(a, b)", "delete(a, )"),
        ("delete(a, b)", "pass"),
        ("raise Forbidden", "pass"),
        ("if found: x()", "if not (found): x()"),
        ("if a == b: x()", "if a != b: x()"),
    ],
)
def test_statements_conditions_and_links_of_a_chain_are_taken_away(source, broken):
    assert (source, broken) in changes(source)


def test_types_sentences_and_words_for_the_log_are_left_alone():
    assert (
        changes("""\
        from typing import cast
        import logging
        logger = logging.getLogger("x")
        Both: TypeAlias = int | str
        def f(a: list[int]) -> str:
            \"\"\"Return it.\"\"\"
            logger.debug("it %s", a)
            return cast("str", a)
    """)
        == set()
    )
    assert changes('raise Forbidden("You may not.")') == {('raise Forbidden("You may not.")', "pass")}
    assert changes("x = run(options=NO_SYNCHRONIZATION)") == {("x = run(options=NO_SYNCHRONIZATION)", "x = None")}


def decorated(function):
    def wrapper():
        return function() + 1

    return wrapper


@decorated
def three():
    return 2


def test_the_code_of_a_decorated_function_is_exchanged_in_memory(monkeypatch):
    monkeypatch.chdir(ROOT)
    path = str(Path(__file__).relative_to(ROOT))
    source = Path(__file__).read_text(encoding="utf-8")
    functions = Functions(path, source)
    [line] = [number for number, text in enumerate(source.splitlines(), 1) if text == "    return 2"]
    assert three() == 3
    assert functions.take(line, source.replace("    return 2\n", "    return 7\n"))
    assert three() == 8
    on_import = source.replace('"""What', '"""That')
    assert not functions.take(1, on_import)


def test_every_module_and_every_test_that_is_named_is_there():
    for path in (*MODULES, *EXCEPTED):
        assert (ROOT / path).is_file(), path
    for place in (place for places in MODULES.values() for place in places):
        assert (ROOT / place).exists(), place


def test_every_module_of_auth_permission_and_session_code_is_named_or_excepted():
    written = [
        path.relative_to(ROOT)
        for folder in ("dovetail", "plugins")
        for path in (ROOT / folder).rglob("*.py")
        if "migrations" not in path.parts and path.read_text(encoding="utf-8")
    ]
    found = {str(path) for path in written if NAMES.search(path.stem) or any(map(path.is_relative_to, ROOMS))}
    assert found - MODULES.keys() - EXCEPTED.keys() == set(), "name these in modules.py, with the tests nearest to them"
    assert MODULES.keys().isdisjoint(EXCEPTED)


def test_each_statement_that_runs_is_noted_and_what_has_to_stand_first_does(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("marked.py").write_text(
        dedent("""\
        \"\"\"A text.\"\"\"
        from __future__ import annotations

        class One:
            \"\"\"Another.\"\"\"
            async def two(self, a: int) -> int:
                if a:
                    return (
                        await self.two(0)
                    )
                elif a is None:
                    return 2
                try:
                    raise KeyError
                except KeyError:
                    return 3 if a else 4
        """),
        encoding="utf-8",
    )
    marks = Marks(["marked.py"])
    module = module_from_spec(marks.find_spec("marked"))
    module.__spec__.loader.exec_module(module)
    assert (module.__doc__, module.One.__doc__) == ("A text.", "Another.")
    assert marks.take() == {"marked.py": [4, 6]}
    assert anyio.run(module.One().two, 1) == 4
    assert marks.take() == {"marked.py": [7, 8, 11, 13, 14, 16]}
    assert marks.take() == {}


LINES = """\
def one(a):
    if a:
        return two(
            a,
        )
    return 3


def two(a):
    return a
"""


@pytest.fixture
def known(tmp_path, monkeypatch):
    """Two tests of a module: a slow one that runs all of `one`, and a quick one that runs but its end."""
    monkeypatch.chdir(tmp_path)
    Path("code.py").write_text(LINES, encoding="utf-8")
    Path("test_code.py").touch()
    monkeypatch.setitem(MODULES, "code.py", ("test_code.py",))
    tests = {"slow": Tried(2, {"code.py": [2, 3, 4, 6, 10]}), "quick": Tried(1, {"code.py": [2, 6]})}
    Covered({path: digest(path) for path in ("code.py", "test_code.py")}, tests).keep("test_code.py")
    return Choice("code.py", LINES)


def test_the_tests_that_run_a_broken_statement_are_chosen_and_the_quickest_first(known):
    assert known.by_line(2) == ["quick", "slow"]
    assert known.by_line(5) == ["slow"]  # the statement begins two lines above
    known.note_killer("slow")
    assert known.by_line(6) == ["slow", "quick"]
    assert known.of_module() == ["slow", "quick"]


def test_what_was_found_of_tests_holds_until_a_module_that_they_run_is_changed(known):
    Path("code.py").write_text(f"{LINES}\n", encoding="utf-8")
    assert Choice("code.py", LINES).by_line(2) == []


def test_a_sample_keeps_its_mutants_when_another_function_is_changed():
    def drawn(source):
        return {str(mutant) for mutant in Changes(source, "a seed").mutants(3)}

    of_one = "def one(a):\n    return a < 1 and a > 7\n"
    assert len(drawn(of_one)) == 3
    assert drawn(of_one) == drawn(f"import os\n\n\n{of_one}")
