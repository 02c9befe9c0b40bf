"""Take the snapshot of another version of a site: its code as git has it, run in a folder of its own."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from dovetail.contrib.auth.rules.snapshot import Snapshot
from dovetail.errors import InvalidInputError

PATIENCE = 300  # seconds for a version to tell its rules


def snapshot_of_revision(site: Path, revision: str) -> Snapshot:
    """Return what the rules say in `revision` of the git repository that holds the site.

    Its `manage.py permissions --snapshot` tells, with the packages that are installed now. Raise InvalidInputError for
    a revision that there is not, or that cannot tell.
    """
    with TemporaryDirectory(prefix="dovetail-rules-") as folder, _checked_out(site, revision, Path(folder)) as old:
        command = [sys.executable, "manage.py", "permissions", "--snapshot"]
        told = subprocess.run(command, cwd=old, capture_output=True, text=True, check=False, timeout=PATIENCE)  # noqa: S603 - our own words
    if told.returncode:
        raise InvalidInputError(f"Revision {revision!r} cannot tell its rules: {_last_line(told.stderr)}")
    found: Snapshot = json.loads(told.stdout)
    return found


@contextmanager
def _checked_out(site: Path, revision: str, folder: Path) -> Iterator[Path]:
    """Give the folder of the site as it was in a revision."""
    top = Path(_git(site, "rev-parse", "--show-toplevel"))
    commit = _git(site, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}", of=revision)
    tree = folder / "tree"
    _git(site, "worktree", "add", "--quiet", "--detach", str(tree), commit)
    try:
        yield tree / site.resolve().relative_to(top.resolve())
    finally:
        _git(site, "worktree", "remove", "--force", str(tree))


def _git(site: Path, *arguments: str, of: str = "") -> str:
    try:
        done = subprocess.run(["git", *arguments], cwd=site, capture_output=True, text=True, check=False)  # noqa: S603, S607 - git of the machine
    except FileNotFoundError:
        raise InvalidInputError("To compare with another version takes git, which is not installed.") from None
    if done.returncode:
        what = f"There is no revision {of!r} here." if of else f"git {arguments[0]} failed: {_last_line(done.stderr)}"
        raise InvalidInputError(what)
    return done.stdout.strip()


def _last_line(text: str) -> str:
    return (text.strip().splitlines() or ["it said nothing"])[-1]
