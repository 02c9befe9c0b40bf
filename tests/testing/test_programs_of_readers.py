"""A reader of a page is not told by what a command does that its Python was forked and not started."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.docs.programs import Programs

MANAGE = """
import os, signal, sys
import beside
print(sys.argv, os.getcwd(), os.environ["NAME"], beside.__file__, __name__, sys.stdin.read(), sep="\\n")
print(sorted(set(sys.modules) & {"config", "plugins.blog.models", "dovetail.contrib"}), file=sys.stderr)
if os.environ["NAME"] == "killed":
    os.kill(os.getpid(), signal.SIGTERM)
raise SystemExit(int(os.environ["NAME"]))
"""
TYPED = """
printf 'one\\ntwo\\n' | NAME=3 python manage.py check 'two words' || echo "ended with $?"
{ NAME=killed python manage.py check < /dev/null || echo "ended with $?"; } 2> /dev/null
NAME=0 python manage.py check < beside.py | NAME=0 python manage.py migrate 2>&1 | cat
python -c 'import beside; print(beside.__file__, __name__)'
python -c 'raise ValueError("the last line of a traceback")' 2>&1 | tail -n 1
python -c 'import sys; print(sys.argv)' -c two
NAME=0 python manage.py shell -c 'print(1)' < /dev/null
python -c 'import nowhere' 2> /dev/null || echo "ended with $?"
python --version
alembic nonsense > /dev/null 2>&1 || echo "ended with $?"
"""


@pytest.fixture
def programs() -> Iterator[Programs]:
    programs = Programs()
    yield programs
    programs.close()


def test_what_is_typed_reads_says_and_ends_alike(programs: Programs, tmp_path: Path):
    (tmp_path / "manage.py").write_text(MANAGE)
    (tmp_path / "beside.py").write_text("")

    def say(folder: Path) -> list[str]:
        environment = {"PATH": f"{folder}:{Path(sys.executable).parent}:{os.environ['PATH']}", "LANG": "C.UTF-8"}
        done = subprocess.run(
            ["bash", "-c", TYPED],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            check=True,
            timeout=300,
        )
        return [*done.stdout.splitlines(), *done.stderr.splitlines()]

    forked, started = say(programs.folder), say(tmp_path)

    assert forked == started
    assert {"one", "two", "ended with 3", "ended with 143", "ValueError: the last line of a traceback"} <= set(forked)


def test_nothing_goes_on_when_they_are_closed(programs: Programs, tmp_path: Path):
    command = [str(programs.folder / "python"), "-c", "import time; print('begun', flush=True); time.sleep(600)"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "begun\n"
        programs.close()
        assert process.stdout.read() == ""
        assert process.wait() != 0
