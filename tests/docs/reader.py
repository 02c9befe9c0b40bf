"""A reader who follows a page word for word, in a copy of the repository of their own."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from tests.docs.programs import Programs
from tests.packaging.building import LIBRARIES, make_environment

REPOSITORY = Path(__file__).parents[2]
LEFT_BEHIND = shutil.ignore_patterns(
    ".git", ".venv", ".env", "var", ".*_cache", ".hypothesis", "*.egg-info", "node_modules", "*-pytest-*.pyc"
)
NODE_MODULES = Path("tests/typescript/node_modules")
FENCE = re.compile(r"^```(?P<language>\w*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
FILE_NAME = re.compile(r"^(?:#|//|\{#) (?P<path>[\w./-]+\.\w+|\.env)(?: .*)?$")
SERVES = re.compile(r"^(make run|python manage\.py (runserver|quickstart))")
# These are only shown to be there. `install` would also change the environment that runs the tests.
ONLY_SHOWN = re.compile(r"^make (install|test|bench|-C)\b", re.MULTILINE)
INSTALLS = re.compile(r"^python -m pip install", re.MULTILINE)
SHOWN = {"json", "text", "html", "diff"}  # what a command answers, not what a reader types
PATIENCE = 300  # seconds for one block


@dataclass(frozen=True)
class Block:
    """One fenced block of a page."""

    language: str
    text: str

    @property
    def is_typed(self) -> bool:
        """Whether a reader does something with it, and does not only look at it."""
        return self.language not in SHOWN


def blocks(page: Path) -> Iterator[Block]:
    for match in FENCE.finditer(page.read_text(encoding="utf-8")):
        yield Block(match["language"], match["text"])


class Reader:
    """Types every block of a page: shell blocks into bash, files into the files they name, Python into Python.

    The Python of a `hurried` reader has imported the libraries already; that of any other is the one of the tests.
    """

    def __init__(self, folder: Path, *, hurried: bool) -> None:
        self.site = folder / "site"
        self.port = free_port()
        self._server: subprocess.Popen[bytes] | None = None
        shutil.copytree(REPOSITORY, self.site, ignore=LEFT_BEHIND, symlinks=True)
        (self.site / ".venv").symlink_to(Path(sys.prefix))
        (self.site / NODE_MODULES).symlink_to(REPOSITORY / NODE_MODULES)
        self._environment = self._like_a_fresh_login(folder)
        self._programs = Programs() if hurried else None
        if self._programs is not None:
            self._environment["PATH"] = f"{self._programs.folder}:{self._environment['PATH']}"

    def assert_works(self, block: Block) -> None:
        """Do what one block says; raises AssertionError, with what was printed, if it fails."""
        if not block.is_typed:
            return
        text = block.text.replace("127.0.0.1:8000", f"127.0.0.1:{self.port}")
        if file := FILE_NAME.match(text.partition("\n")[0]):
            path = self.site / file["path"]
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(block.text, encoding="utf-8")
        elif block.language == "python":
            self._run(["python", "-c", text] if self._programs else [sys.executable, "-W", "error", "-c", text])
        elif block.language == "sh":
            self._type(text)
        else:
            raise AssertionError(f"a block of language {block.language!r} can neither be run nor is it shown output")

    def close(self) -> None:
        """Stop the server, if one runs, and the programs."""
        self._stop_server()
        if self._programs is not None:
            self._programs.close()

    def _stop_server(self) -> None:
        if self._server is not None:
            os.killpg(self._server.pid, signal.SIGTERM)
            self._server.wait(timeout=PATIENCE)
            self._server = None

    def _type(self, text: str) -> None:
        if INSTALLS.search(text):
            self._enter_own_environment()
        *before, last = [line for line in text.replace("\\\n", "\\\0").splitlines() if line.strip()]
        serves = SERVES.match(last)
        script = text if not serves else "\n".join(before)
        if script.strip():
            self._run(["bash", "-euo", "pipefail", "-c", ONLY_SHOWN.sub(r"make -n \1", script.replace("\\\0", "\\\n"))])
        if serves:
            self._serve(last)

    def _run(self, command: list[str]) -> None:
        done = subprocess.run(
            command, cwd=self.site, env=self._environment, capture_output=True, text=True, timeout=PATIENCE, check=False
        )
        told = f"{command[-1]}\n--- exit {done.returncode}\n{done.stdout}\n{done.stderr}"
        assert done.returncode == 0, told
        # A page that has its reader look the site over has made one in which nothing is doubtful.
        assert "\npython manage.py check\n" not in f"\n{command[-1]}\n" or "WARNING (" not in done.stderr, told

    def _serve(self, line: str) -> None:
        self._stop_server()
        line += f" PORT={self.port}" if line.startswith("make") else f" --port {self.port}"
        log = self.site.parent / "server.log"
        with log.open("wb") as output:
            self._server = subprocess.Popen(
                ["bash", "-c", line],
                cwd=self.site,
                env=self._environment,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        for _ in range(PATIENCE * 10):
            assert self._server.poll() is None, f"{line} ended:\n{log.read_text()}"
            try:
                urlopen(f"http://127.0.0.1:{self.port}/health/live", timeout=5).close()
            except (URLError, OSError):
                time.sleep(0.1)
            else:
                return
        raise AssertionError(f"{line} does not answer:\n{log.read_text()}")

    def _enter_own_environment(self) -> None:
        """Where a page installs something, it is not into the environment that runs the tests."""
        folder = self.site.parent / "environment"
        if not folder.exists():
            self._environment["PATH"] = f"{make_environment(folder)}:{self._environment['PATH']}"
            self._environment |= LIBRARIES | {"PYTEST_ADDOPTS": f"-n 0 {LIBRARIES['PYTEST_ADDOPTS']}"}

    def _like_a_fresh_login(self, folder: Path) -> dict[str, str]:
        path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
        if shutil.which("curl") is None:  # on the barest machine, ours stands in
            tools = folder / "tools"
            tools.mkdir()
            shutil.copy(Path(__file__).with_name("curl.py"), tools / "curl")
            (tools / "curl").chmod(0o755)
            path = f"{tools}:{path}"
        return {
            "PATH": path,
            "HOME": str(folder),
            "LANG": "C.UTF-8",
            "TEST_DATABASE_URL": os.environ["TEST_DATABASE_URL"],
            "PYTEST_ADDOPTS": "-n 0",  # other tests run beside: workers for a few would take longer to start
        }


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])
