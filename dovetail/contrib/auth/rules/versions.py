"""Take the snapshot of another version of a site: check out its code from git into a temporary folder and run it."""

import json
import subprocess
import sys
import tarfile
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory

from dovetail.contrib.auth.rules.snapshot import Snapshot
from dovetail.errors import InvalidInputError

PATIENCE = 300  # seconds to take a snapshot


def snapshot_of_revision(site: Path, revision: str) -> Snapshot:
    """Return the snapshot of a revision of the git repository that contains the site.

    It is taken by that revision's `manage.py permissions --snapshot`, with the packages installed now. Raise
    InvalidInputError if the revision does not exist or its snapshot cannot be taken.
    """
    with TemporaryDirectory(prefix="dovetail-rules-") as folder:
        with tarfile.open(fileobj=BytesIO(_archive(site, revision))) as archive:
            archive.extractall(folder, filter="data")
        command = [sys.executable, "manage.py", "permissions", "--snapshot"]
        result = _run(command, Path(folder), revision)
    if result.returncode:
        raise InvalidInputError(f"Revision {revision!r} cannot tell its rules: {_last_line(result.stderr)}")
    try:
        found: Snapshot = json.loads(result.stdout)
    except ValueError:
        raise InvalidInputError(f"Revision {revision!r} cannot tell its rules: what it wrote is no JSON") from None
    return found


def _run(command: Sequence[str], folder: Path, revision: str) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=PATIENCE)  # noqa: S603 - our own words
    except subprocess.TimeoutExpired:
        message = f"Revision {revision!r} cannot tell its rules: it took more than {PATIENCE} seconds"
        raise InvalidInputError(message) from None


def _archive(site: Path, revision: str) -> bytes:
    """Return the site's folder at a revision, as a tar archive."""
    commit = _git(site, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}", of=revision)
    return _git(site, "archive", "--format=tar", commit.decode().strip())


def _git(site: Path, *arguments: str, of: str = "") -> bytes:
    try:
        done = subprocess.run(["git", *arguments], cwd=site, capture_output=True, check=False)  # noqa: S603, S607 - git of the machine
    except FileNotFoundError:
        raise InvalidInputError("To compare with another version takes git, which is not installed.") from None
    if done.returncode:
        reason = _last_line(done.stderr.decode(errors="replace"))
        raise InvalidInputError(f"There is no revision {of!r} here." if of else f"git {arguments[0]} failed: {reason}")
    return done.stdout


def _last_line(text: str) -> str:
    return (text.strip().splitlines() or ["it said nothing"])[-1]
