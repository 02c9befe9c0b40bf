"""What other processes see of an import: one that is killed leaves nothing, two at once import once."""

import os
import pty
import select
import signal
import subprocess
import sys
import termios
import time
from pathlib import Path

import pytest

from tests.plugins.wordpress.support import FILES, Site, export, post, remark

ROOT = Path(__file__).parents[3]


def start(
    *arguments: str | Path, stderr: int = subprocess.PIPE, python: str = sys.executable
) -> "subprocess.Popen[str]":
    command = [python, "manage.py", "import-wordpress", *map(str, arguments)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=stderr, text=True)


def test_an_import_that_is_killed_half_way_leaves_nothing(site: Site) -> None:
    path = site.write(export(*(post(n, remark(n), content="x" * 500) for n in range(4_000))))
    process = start(path)
    assert process.stderr is not None
    for line in process.stderr:
        if line.startswith("Importing: 1,"):  # a quarter of the rows are written, and not committed
            process.kill()
            break
    process.communicate()
    assert process.returncode == -signal.SIGKILL
    deadline = time.monotonic() + 120
    while site.count_all() and time.monotonic() < deadline:
        time.sleep(0.1)
    assert site.count_all() == {}
    assert site.run(path).code == 0
    assert site.count_all()["blog_post"] == 4_000


def test_an_import_that_is_interrupted_leaves_nothing_and_says_stopped(site: Site) -> None:
    path = site.write(export(*(post(n, content="x" * 500) for n in range(4_000))))
    process = start(path)
    assert process.stderr is not None
    for line in process.stderr:
        if line.startswith("Importing: 1,"):
            process.send_signal(signal.SIGINT)
            break
    _, err = process.communicate()
    assert (process.returncode, err.splitlines()[-1]) == (130, "Stopped.")
    assert site.count_all() == {}


def test_two_imports_of_one_file_at_once_import_it_once(
    site: Site, forked_python: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_POOL_TIMEOUT", "60")  # one waits for the other's whole import, on a busy machine too
    path = site.write(export(*(post(n, remark(n)) for n in range(300))))
    processes = [start(path, python=forked_python) for _ in range(2)]
    outputs = [process.communicate() for process in processes]
    assert [process.returncode for process in processes] == [0, 0], outputs
    assert sorted(out.split(":")[0] for out, _ in outputs) == ["Imported", "Nothing new"]
    assert site.count_all()["blog_post"] == site.count_all()["comments_comment"] == 300


def test_a_terminal_sees_a_bar(site: Site, forked_python: str) -> None:
    terminal, stderr = pty.openpty()
    termios.tcsetwinsize(terminal, (24, 80))
    process = start(FILES / "wxr-1.2.xml", stderr=stderr, python=forked_python)
    os.close(stderr)
    shown = b""
    while select.select([terminal], [], [], 60)[0]:
        try:
            shown += os.read(terminal, 4096)
        except OSError:  # Linux's way of saying that the other side has closed
            break
    process.communicate()
    os.close(terminal)
    assert process.returncode == 0
    assert b"Importing: 100%|" in shown
    assert b"3.00/3.00" in shown


def test_nothing_of_a_traceback_is_shown_for_a_bad_file(site: Site, forked_python: str) -> None:
    process = start(site.write("<rss><channel>"), python=forked_python)
    out, err = process.communicate()
    assert (process.returncode, out) == (1, "")
    assert err.splitlines()[-1].endswith("ends too early, in line 1; copy or export it again")
    assert "Traceback" not in err
