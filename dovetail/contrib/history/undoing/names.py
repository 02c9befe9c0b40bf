"""Name objects and fields in the messages that refuse an undo."""

from dovetail.contrib.history.recording.recorded import RecordedTable


class Names:
    """Names as code, the API and the log use them: `blog.post 12`, `author_id`."""

    def object(self, table: RecordedTable, key: str) -> str:
        """Return the name of an object."""
        return f"{table.label} {key}"

    def field(self, table: RecordedTable, name: str) -> str:  # noqa: ARG002 - subclasses use the table
        """Return the name of a field of such objects."""
        return name
