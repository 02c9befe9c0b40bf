"""What people generate from our document, made anew by the generators themselves."""

import os
import subprocess
import sys
from pathlib import Path

from tests.running import ROOT, environment, manage

BIN = Path(sys.executable).parent
NODE_MODULES = ROOT / "tests" / "typescript" / "node_modules" / ".bin"


def write_document(folder: Path, **variables: object) -> Path:
    """`manage.py openapi` into a file, with more variables in its environment."""
    path = folder / "openapi.json"
    done = manage("openapi", "--output", str(path), DATABASE_URL="sqlite:///:memory:", **variables)
    assert done.code == 0, done
    return path


def run(*command: str | Path, cwd: Path) -> str:
    """Run a tool, with the environment's and npm's tools on its path, and return what it said."""
    path = f"{BIN}:{NODE_MODULES}:{os.environ['PATH']}"
    done = subprocess.run(
        command, cwd=cwd, env=environment(PATH=path), capture_output=True, text=True, timeout=600, check=False
    )
    said = done.stdout + done.stderr
    assert done.returncode == 0, said
    return said
