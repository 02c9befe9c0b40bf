"""The `python` that readers of the documentation find does as Python does."""

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeAlias

import pytest

from tests.docs.forking import ForkingPython
from tests.running import environment

Done: TypeAlias = subprocess.CompletedProcess[str]
Python: TypeAlias = Callable[..., Done]
SHOW = """
import os, sys
print(sys.argv[1:], os.getcwd(), os.environ["GIVEN"], sys.stdin.read(), "config" in sys.modules)
print("aside", file=sys.stderr)
sys.exit(3)
"""


@pytest.fixture(scope="module")
def forking(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ForkingPython]:
    found = ForkingPython(tmp_path_factory.mktemp("forking"), environment())
    yield found
    found.close()


@pytest.fixture
def python(forking: ForkingPython, tmp_path: Path) -> Python:
    def run(*arguments: str, given: str = "", **variables: str) -> Done:
        command, found = [forking.python, *arguments], environment(**variables)
        return subprocess.run(
            command, cwd=tmp_path, env=found, input=given, capture_output=True, text=True, timeout=100, check=False
        )

    return run


@pytest.mark.parametrize("command", [("-c", SHOW), ("show.py",), ("-W", "error", "show.py")], ids=["text", "file", "W"])
def test_a_command_has_its_arguments_folder_environment_and_streams_and_its_own_end(python, tmp_path, command):
    (tmp_path / "show.py").write_text(SHOW)
    done = python(*command, "one", "two", given="read", GIVEN="word")
    assert (done.stdout, done.stderr) == (f"['one', 'two'] {tmp_path} word read False\n", "aside\n")
    assert done.returncode == 3


def test_a_program_is_read_from_standard_input(python):
    assert python("-", given="print(6 * 7)").stdout == "42\n"


def test_a_module_is_run_by_its_name(python):
    assert python("-m", "dovetail", "--version").stdout.startswith("dovetail, version ")


def test_a_command_finds_what_lies_beside_it(python, tmp_path):
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "__init__.py").touch()
    (tmp_path / "tests" / "here.py").write_text("found = 'this one'")
    assert python("-c", "from tests.here import found; print(found)").stdout == "this one\n"


@pytest.mark.parametrize(("options", "code"), [(("-W", "error"), 1), ((), 0)])
def test_a_warning_is_an_error_where_it_was_asked_for(python, options, code):
    done = python(*options, "-c", "import warnings; warnings.warn('beware')")
    assert (done.returncode, "UserWarning: beware" in done.stderr) == (code, True)


def test_how_it_was_killed_is_told_as_a_shell_tells_it(python):
    assert python("-c", "import os; os.kill(os.getpid(), 9)").returncode == 128 + 9


def test_anything_else_is_run_by_python_itself(python):
    assert python("--version").stdout.startswith("Python 3.")
