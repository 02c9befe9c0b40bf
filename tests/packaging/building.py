"""Build wheels as `pip wheel .` does, with what is installed: no index is asked."""

import subprocess
import sys
from pathlib import Path

PATIENCE = 300  # seconds


def build_wheel(source: Path, target: Path) -> Path:
    """Build the distribution in the folder `source` and return its wheel, in the folder `target`."""
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-build-isolation", "--no-deps", "--no-index"]
    done = subprocess.run(
        [*command, "--wheel-dir", str(target), str(source)],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    (wheel,) = target.glob("*.whl")
    return wheel
