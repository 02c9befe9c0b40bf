"""Say what objects and fields are called to whoever takes changes back, in the sentences that refuse it."""

from dovetail.contrib.history.recording.recorded import RecordedTable


class Names:
    """Names as code, the API and the log have them: `blog.post 12`, `author_id`."""

    def object(self, table: RecordedTable, key: str) -> str:
        """Return what to call an object."""
        return f"{table.label} {key}"

    def field(self, table: RecordedTable, name: str) -> str:  # noqa: ARG002 - for those who ask the table
        """Return what to call a field of such objects."""
        return name
