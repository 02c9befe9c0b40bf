"""Put a mutant in place in the processes that tests start, too: `manage.py` and its like run in those.

The server that forks them (`tests/forked.py`) imports this module before anything of the site.
"""

import os
import sys
from pathlib import Path

from tests.mutants.loading import Mutated

MUTANT = "MUTATED_MODULE_AND_TEXT"


def hand_on(path: str, text: str, folder: Path) -> None:
    """Let the processes that are to be started from this one have `text` as the module."""
    from tests import forked

    file = folder / "mutated.py"
    file.write_text(text, encoding="utf-8")
    os.environ[MUTANT] = f"{path}{os.pathsep}{file}"
    forked.preload(__name__)


if MUTANT in os.environ:
    _path, _file = os.environ[MUTANT].split(os.pathsep)
    sys.meta_path.insert(0, Mutated(_path, Path(_file).read_text(encoding="utf-8")))
