"""What `make mutants` breaks, and that a broken function is the one that runs."""

from pathlib import Path
from textwrap import dedent

import pytest

from tests.mutants.loading import Functions
from tests.mutants.modules import MODULES
from tests.mutants.mutations import mutants

ROOT = Path(__file__).parent.parent.parent


def changes(source):
    return {(mutant.before, mutant.after) for mutant in mutants(dedent(source))}


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
    for path in (*MODULES, *(file for files in MODULES.values() for file in files)):
        assert (ROOT / path).is_file(), path
