"""Where databases for tests lie: in memory if the machine has room there, since none of them need survive."""

import os
import shutil
from pathlib import Path

SHARED_MEMORY = Path("/dev/shm")  # noqa: S108 - what is made there gets a name of its own from tempfile
ROOM = 2**30  # bytes; a run needs some hundred million


def memory_folder() -> Path | None:
    """The folder that Linux keeps in memory; None if there is none, or too little room (a container may give 64 MB).

    PostgreSQL copies 300 files for each new database, which takes a disk several times as long. Who sets TMPDIR has
    chosen another place, so the answer is None too.
    """
    if "TMPDIR" in os.environ or not os.access(SHARED_MEMORY, os.W_OK):
        return None
    return SHARED_MEMORY if shutil.disk_usage(SHARED_MEMORY).free > ROOM else None
