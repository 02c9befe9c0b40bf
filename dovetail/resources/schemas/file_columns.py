"""Refuse bodies that would set the key of a file: a user could give another user's key and so see the file."""

from collections.abc import Iterator

from pydantic import BaseModel

from dovetail.files.media import columns_of
from dovetail.files.tokens import takes_upload


def unwritable_files(model: type[object], *bodies: type[BaseModel] | None) -> Iterator[str]:
    """Yield a sentence for each field of a body that is a column of files and takes no token of an upload."""
    names = {one.name for one in columns_of(model)}
    for body in filter(None, bodies):
        for name, field in body.model_fields.items():
            if name in names and not takes_upload(field):
                yield (
                    f"{body.__name__}.{name} would write the key of a file, which might be another's; derive the body "
                    f"from CreateSchema or UpdateSchema with fields=({name!r},), or leave it out"
                )
