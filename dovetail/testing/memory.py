"""Find the folder for databases of tests: one in memory if there is room, since none of them need survive."""

import os
import shutil
from pathlib import Path

SHARED_MEMORY = Path("/dev/shm")  # noqa: S108 - what is made there gets a name of its own from tempfile
ROOM = 2**30  # bytes; a run needs some hundred million


def memory_folder() -> Path | None:
    """Return the folder that Linux keeps in memory; None if there is none, or too little room in it.

    A container may give it 64 MB only. PostgreSQL copies 300 files for each new database, which takes a disk several
    times as long. Where TMPDIR is set, that is the place somebody chose, and the answer is None too.
    """
    if "TMPDIR" in os.environ or not os.access(SHARED_MEMORY, os.W_OK):
        return None
    return SHARED_MEMORY if shutil.disk_usage(SHARED_MEMORY).free > ROOM else None
