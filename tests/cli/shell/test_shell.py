"""`manage.py shell`: `await` anywhere, one transaction an input."""

import os
import pty
import select
import subprocess
import sys
import textwrap
from collections.abc import Iterator

import pytest

from tests.running import ROOT, Result, environment, manage

ADD = "session.add(Tag(name='python'))"
NAMES = "print((await session.scalars(select(Tag.name))).all())"


def shell(code: str, database_url: str) -> Result:
    return manage("shell", "-c", textwrap.dedent(code), DATABASE_URL=database_url)


def test_models_session_and_settings_are_at_hand(database_url):
    code = """
        print(User.__tablename__, Post.__tablename__, settings.site_name, len(context.plugins))
        async with database.unit_of_work() as own:
            print(await own.scalar(select(User)))
    """
    assert shell(code, database_url).stdout == "auth_user blog_post Dovetail 9\nNone\n"


def test_code_is_one_transaction_that_is_committed(database_url):
    assert shell(ADD, database_url).code == 0
    assert shell(NAMES, database_url).stdout == "['python']\n"


def test_code_that_raises_is_rolled_back_and_shows_where(database_url):
    result = shell(f"{ADD}\nawait session.flush()\n\ndef fail():\n    return 1 / 0\n\nfail()\n", database_url)
    assert result.code == 1
    assert result.stderr.splitlines() == [
        "Traceback (most recent call last):",
        '  File "<shell>", line 7, in <module>',
        '  File "<shell>", line 5, in fail',
        "ZeroDivisionError: division by zero",
    ]
    assert shell(NAMES, database_url).stdout == "[]\n"


def test_code_may_be_piped_in(database_url):
    assert manage("shell", stdin=f"{ADD}\nawait session.flush()\n{NAMES}\n", DATABASE_URL=database_url).stdout == (
        "['python']\n"
    )


@pytest.mark.parametrize("url", ["postgresql://ada:hidden@127.0.0.1:1/site", f"sqlite:///{ROOT}"])
def test_a_database_that_is_away_is_one_line(url):
    assert "hidden" not in shell(NAMES, url).error


def test_a_file_that_is_no_database_is_one_line():
    assert shell(NAMES, f"sqlite:///{__file__}").error.endswith("file is not a database")


def test_a_database_without_tables_asks_for_migrate(empty_database_url):
    assert shell(NAMES, empty_database_url).error.endswith("run `manage.py migrate`")


def test_code_that_is_not_python_is_refused(database_url):
    result = shell("a b", database_url)
    assert result.code == 1
    assert "SyntaxError" in result.stderr
    assert "shell.py" not in result.stderr


def test_code_chooses_the_exit_code(database_url):
    assert shell("exit(7)", database_url).code == 7


def test_a_function_of_the_code_sees_its_names(database_url):
    assert (
        shell("x = 3\ndef f():\n    return x\nprint(f(), [x for _ in range(2)])", database_url).stdout == "3 [3, 3]\n"
    )


class Terminal:
    """A shell on a terminal: types lines and reads what is shown."""

    def __init__(self, database_url: str) -> None:
        self._ours, theirs = pty.openpty()
        self.process = subprocess.Popen(
            [sys.executable, "manage.py", "shell", "--plain"],
            cwd=ROOT,
            env=environment(DATABASE_URL=database_url, TERM="dumb"),
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
        )
        os.close(theirs)
        self.shown = ""
        self._read_until(">>> ")

    def type(self, line: str) -> None:
        self.shown = ""
        os.write(self._ours, f"{line}\n".encode())
        self._read_until("\n>>> ")

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self._ours)

    def _read_until(self, words: str) -> None:
        while words not in self.shown:
            ready, _, _ = select.select([self._ours], [], [], 60)
            assert ready, f"the shell shows no {words!r} after {self.shown!r}"
            self.shown += os.read(self._ours, 4096).decode().replace("\r\n", "\n")


@pytest.fixture
def terminal(database_url: str) -> Iterator[Terminal]:
    terminal = Terminal(database_url)
    yield terminal
    terminal.close()


def test_the_prompt_says_what_is_at_hand(terminal):
    assert "Models: " in terminal.shown
    assert "At hand: context, database, select, session, settings" in terminal.shown


def test_the_prompt_shows_values_and_awaits(terminal):
    terminal.type("1 + 1")
    assert "\n2\n" in terminal.shown
    terminal.type("await session.scalar(select(Tag.name))")
    assert "Traceback" not in terminal.shown


@pytest.mark.parametrize("database_url", ["postgresql://ada:hidden@127.0.0.1:1/site"])
def test_the_prompt_says_in_one_line_that_the_database_is_away(terminal):
    terminal.type("await session.scalar(select(Tag.name))")
    assert "The database did not answer as expected: " in terminal.shown
    assert "Traceback" not in terminal.shown


def test_each_input_at_the_prompt_is_a_transaction_of_its_own(terminal, database_url):
    terminal.type(ADD)
    terminal.type("1 / 0")
    assert 'File "<console>", line 1, in <module>\nZeroDivisionError' in terminal.shown
    terminal.type(ADD)
    assert "IntegrityError" in terminal.shown  # raised by the commit
    terminal.type("print('still', 'here')")
    assert "still here" in terminal.shown
    assert shell(NAMES, database_url).stdout == "['python']\n"


def test_an_idle_prompt_keeps_no_writer_waiting(terminal, database_url):
    """On SQLite an open transaction holds the lock that every writer needs."""
    terminal.type("await session.scalar(select(Tag.name))")
    assert shell(ADD, database_url).code == 0
