"""Read the file to import, in the format that its name indicates, in a thread."""

from collections.abc import Callable, Mapping
from pathlib import PurePath

from anyio import CapacityLimiter, to_thread
from anyio.lowlevel import RunVar

from dovetail.contrib.admin.importing.files.excel_files import read_excel
from dovetail.contrib.admin.importing.files.sheet import Sheet, UnreadableFileError
from dovetail.contrib.admin.importing.files.text_files import read_csv, read_json
from dovetail.translation.texts import gettext

READERS: Mapping[str, Callable[[bytes, int], Sheet]] = {
    ".csv": read_csv,
    ".tsv": read_csv,
    ".txt": read_csv,
    ".json": read_json,
    ".xlsx": read_excel,
}
ACCEPTED = ", ".join(READERS)
_LIMITER: RunVar[CapacityLimiter] = RunVar("dovetail.admin.importing")  # of each event loop


async def read_file(name: str, content: bytes, most_rows: int) -> Sheet:
    """Return the table in a file. Raise UnreadableFileError, with a message for the user, if it cannot be read."""
    reader = READERS.get(PurePath(name).suffix.lower())
    if reader is None:
        raise UnreadableFileError(
            gettext("Files to import end in %(accepted)s; save .xls and .ods as .xlsx.") % {"accepted": ACCEPTED}
        )
    if not content:
        raise UnreadableFileError(gettext("The file is empty."))
    return await to_thread.run_sync(reader, content, most_rows, limiter=_limiter())


def _limiter() -> CapacityLimiter:
    """Return the limiter of the running event loop: one file at a time, since reading may take much memory and time."""
    found = _LIMITER.get(None)
    if found is None:
        found = CapacityLimiter(1)
        _LIMITER.set(found)
    return found
