"""Upload a file before the object that refers to it is made or changed: no transaction waits for a disk so."""

from typing import Annotated

from fastapi import APIRouter, Form, Request, UploadFile, status
from pydantic import Field
from sqlalchemy import false

from dovetail.api.schemas import Schema
from dovetail.api.throttling.throttled import throttled
from dovetail.contrib.auth.current_user import UserBeside
from dovetail.contrib.auth.models import User
from dovetail.errors import FieldError, InvalidInputError, PermissionDeniedError
from dovetail.files.media import MEDIA, FileColumn
from dovetail.files.tokens import make_token
from dovetail.files.uploads import UnfitFileError, store_upload
from dovetail.resources.policies.registered import POLICIES, visible_rows

router = APIRouter(tags=["media"])
RATES = "60/minute"


class Uploaded(Schema):
    """A file that was stored, and that no object refers to yet."""

    token: Annotated[str, Field(description="What a body sends for the field, within an hour.")]
    name: Annotated[str, Field(examples=["portrait.png"])]
    size: Annotated[int, Field(description="In bytes.", examples=[48_213])]
    content_type: Annotated[str, Field(examples=["image/png"])]


@router.post(
    "/media/uploads",
    status_code=status.HTTP_201_CREATED,
    dependencies=[throttled(RATES, by="user", name="media.uploads")],
)
async def upload_file(
    request: Request,
    user: UserBeside,
    field: Annotated[str, Form(description="The table and the column.", examples=["gallery_picture.image"])],
    file: UploadFile,
) -> Uploaded:
    """Store a file for a field of an object; the token is sent for the field when the object is made or changed.

    A file that no object refers to is removed after a while.
    """
    media = MEDIA.get(request.app)
    column = media.column_of(field.replace(".", "/"))
    if column is None:
        raise _unfit("field", "No column of files is called so, as gallery_picture.image is.")
    if not _may_write(request, user, column):
        raise PermissionDeniedError("You may not write this field of any object.")
    try:
        stored = await store_upload(media, column, file)
    except UnfitFileError as error:
        raise _unfit("file", str(error)) from None
    token = make_token(media, stored)
    return Uploaded(token=token, name=stored.name, size=stored.size, content_type=stored.content_type)


def _may_write(request: Request, user: User, column: FileColumn) -> bool:
    """Return whether there may be an object of which the user writes the column: which ones, the write itself asks."""
    if column.name in POLICIES.get(request.app).of(column.model).read_only(user):
        return False
    return any(visible_rows(user, column.model, action) is not false() for action in ("add", "change"))


def _unfit(name: str, detail: str) -> InvalidInputError:
    return InvalidInputError(detail, errors=[FieldError(pointer=f"/{name}", detail=detail, type="file")])
