"""Find the process that holds the lock for which a migration waited on SQLite: Linux knows who locks a file."""

import os
import sqlite3
from collections.abc import Iterable
from pathlib import Path

from sqlalchemy import URL
from sqlalchemy.exc import DBAPIError

PROC = Path("/proc")  # other systems have none, and the message does without the name
LONGEST = 60  # characters of a command
LONGER = "--database-timeout SECONDS waits longer"


def is_locked(error: Exception) -> bool:
    """Return True if a statement gave up waiting for another process (https://www.sqlite.org/rescode.html#busy)."""
    code = getattr(getattr(error, "orig", None), "sqlite_errorcode", None)
    return isinstance(error, DBAPIError) and code is not None and code & 0xFF == sqlite3.SQLITE_BUSY


def describe_lock_holders(url: URL, waited: float) -> str:
    """Name the database's file, how long was waited, and who writes to it or at least has it open."""
    path = Path(str(url.database))
    where = f"waited {waited:g} s to write to {path}, "
    writers = [pid for pid in _writers(path) if pid != os.getpid()]
    openers = [pid for pid in _openers(path) if pid != os.getpid()]
    if writers:
        return f"{where}in which {_names(writers)} is in the middle of a transaction; let it end, or stop it; {LONGER}"
    if openers:
        return f"{where}which {_names(openers)} has open; let it end what it writes, or stop it; {LONGER}"
    return f"{where}in which another process is in the middle of a transaction: a server, a shell or a backup; {LONGER}"


def _writers(path: Path) -> list[int]:
    """Return the processes that have a write lock on the database or, in WAL mode, on the file beside it.

    (https://man7.org/linux/man-pages/man5/proc_locks.5.html)
    """
    inodes = {str(file.stat().st_ino) for file in (path, Path(f"{path}-shm")) if file.exists()}
    try:
        lines = (PROC / "locks").read_text(encoding="ascii").splitlines()
    except OSError:
        return []
    found = [fields for line in lines if len(fields := line.split()) == 8]  # noqa: PLR2004 - one that waits has an arrow more
    return sorted({int(each[4]) for each in found if each[3] == "WRITE" and each[5].rpartition(":")[2] in inodes})


def _openers(path: Path) -> list[int]:
    target = str(path.resolve())
    return [int(folder.name) for folder in PROC.glob("[0-9]*") if target in _open_files(folder)]


def _open_files(process: Path) -> set[str]:
    try:
        return {str(file.readlink()) for file in (process / "fd").iterdir()}
    except OSError:  # another user's, or one that has ended
        return set()


def _names(pids: Iterable[int]) -> str:
    return " and ".join(f"process {pid}{_command(pid)}" for pid in pids)


def _command(pid: int) -> str:
    """Return the program and its plain words; what follows an option or looks like an address may be a secret."""
    try:
        words = (PROC / str(pid) / "cmdline").read_text(encoding="utf-8", errors="replace").split("\0")
    except OSError:
        return ""
    plain = [Path(words[0]).name]
    for word in words[1:]:
        if not word or word.startswith("-") or not word.replace("/", "").replace(".", "").replace("_", "").isalnum():
            break
        plain.append(word)
    text = " ".join(plain)[:LONGEST].strip()
    return f" ({text})" if text else ""
