"""What can be wrong with an export."""

from dovetail.errors import InvalidInputError


class ExportError(InvalidInputError):
    """The file is not a WordPress export that can be read."""
