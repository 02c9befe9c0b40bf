"""Build wheels and install them, with what is installed here: no index is asked."""

import os
import subprocess
import sys
import sysconfig
from dataclasses import dataclass
from pathlib import Path

PATIENCE = 300  # seconds
# An environment has the libraries of the one that runs the tests, without Dovetail, and pip asks no index.
LIBRARIES = {
    "PYTHONPATH": sysconfig.get_path("purelib"),
    "PYTEST_ADDOPTS": "-p no:schemathesis",  # is among those libraries
    "PIP_NO_INDEX": "1",
    "PIP_NO_BUILD_ISOLATION": "0",  # pip reads it as --no-build-isolation
    "PIP_DISABLE_PIP_VERSION_CHECK": "1",
}


def make_environment(folder: Path) -> Path:
    """Make a virtual environment, which `LIBRARIES` fills, and return the folder of its programs."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True, timeout=PATIENCE)
    return folder / "bin"


def build_wheel(source: Path, target: Path) -> Path:
    """Build the distribution in the folder `source` as `pip wheel .` does; return its wheel, in the folder `target`."""
    command = ["pip", "wheel", "--quiet", "--no-build-isolation", "--no-deps", "--no-index", "--wheel-dir", str(target)]
    done = subprocess.run(
        [sys.executable, "-m", *command, str(source)],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    (wheel,) = target.glob("*.whl")
    return wheel


@dataclass(frozen=True)
class Fresh:
    """A virtual environment that knows nothing of this checkout, in the folder `env` of `folder`."""

    folder: Path

    @classmethod
    def make(cls, folder: Path, wheel: Path) -> "Fresh":
        """Make the environment `folder/env` and install `wheel` there."""
        make_environment(folder / "env")
        fresh = cls(folder)
        fresh.run("python", "-m", "pip", "install", "--quiet", "--no-deps", str(wheel))
        return fresh

    @property
    def variables(self) -> dict[str, str]:
        return {
            "PATH": f"{self.folder / 'env' / 'bin'}:{os.environ['PATH']}",
            "HOME": str(self.folder),
            "LANG": "C.UTF-8",
            "TEST_DATABASE_URL": os.environ["TEST_DATABASE_URL"],
            **LIBRARIES,
        }

    def run(self, *command: str, cwd: Path | None = None) -> str:
        """Run a command in the environment and return what it printed."""
        done = subprocess.run(
            command,
            cwd=cwd or self.folder,
            env=self.variables,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
        assert done.returncode == 0, done.stdout
        return done.stdout

    def start(self, *command: str, cwd: Path) -> subprocess.Popen[str]:
        """Start a command that goes on until it is stopped."""
        return subprocess.Popen(
            command,
            cwd=cwd,
            env=self.variables,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
