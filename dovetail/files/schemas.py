"""The representation of a stored file in the API: its name, size, type and URL."""

from typing import Annotated

from pydantic import BeforeValidator, Field
from typing_extensions import TypedDict

from dovetail.files.media import address_of
from dovetail.files.stored_file import StoredFile


class FileLink(TypedDict):
    """A stored file."""

    name: Annotated[str, Field(examples=["portrait.png"])]
    size: Annotated[int, Field(description="In bytes.", examples=[48_213])]
    content_type: Annotated[str, Field(examples=["image/png"])]
    url: Annotated[
        str,
        Field(
            description="The path on this site. It is served to users who may view the row.",
            json_schema_extra={"format": "uri-reference"},
            examples=["/media/gallery_picture/image/kO2ZfY1vQ1u6oW3m5Jb8tA-48213/portrait.png"],
        ),
    ]


def link_of(value: object) -> object:
    """Return the FileLink of a key; any other value unchanged."""
    if not isinstance(value, str):
        return value
    file = StoredFile(value)
    return FileLink(name=file.name, size=file.size, content_type=file.content_type, url=address_of(file))


StoredFileRead = Annotated[FileLink, BeforeValidator(link_of)]
