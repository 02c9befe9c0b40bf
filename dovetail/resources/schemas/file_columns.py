"""Refuse bodies that would write the key of a file: whoever names one that is another's would see it."""

from collections.abc import Iterator

from pydantic import BaseModel

from dovetail.files.media import columns_of


def unwritable_files(model: type[object], *bodies: type[BaseModel] | None) -> Iterator[str]:
    """Yield a sentence for each field of a body that is a column of files."""
    names = {one.name for one in columns_of(model)}
    for body in bodies:
        for name in sorted(names & set(body.model_fields if body is not None else ())):
            yield f"{body.__name__}.{name} holds a file, which is uploaded and not written; leave it out"  # type: ignore[union-attr]  # it has fields
