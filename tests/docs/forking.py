"""A `python` for the shell of a reader that takes little time to start."""

import sys
import time
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from tests import forked

HERE = Path(__file__).parent


class ForkingPython:
    """Starts `interpreters.py` for commands, in `environment`, in a folder that is no site's."""

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        self._tools = TemporaryDirectory(prefix="python-")  # where the path of a socket is short
        self.folder = Path(self._tools.name)
        self.python = self.folder / "python"
        self.python.write_text(f"#!{sys.executable} -IS\n{(HERE / 'python.py').read_text(encoding='utf-8')}")
        self.python.chmod(0o755)
        address = self.folder / "socket"
        command = [str(HERE / "interpreters.py"), str(address), *_modules()]
        self._running = forked.start(command, folder, environment, files=self.folder)
        while not address.exists():
            self._running.assert_runs()
            time.sleep(0.05)

    def close(self) -> None:
        """Run no more commands."""
        self._running.kill()
        self._tools.cleanup()


@cache
def _modules() -> list[str]:
    return forked.modules_of_plugins("dovetail.contrib")
