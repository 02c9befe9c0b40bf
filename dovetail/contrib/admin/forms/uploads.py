"""Store the files uploaded in a form before its transaction begins, since writing and decoding them takes time."""

from collections.abc import Iterable

from starlette.applications import Starlette
from starlette.datastructures import UploadFile
from starlette.requests import Request

from dovetail.contrib.admin.forms.file_field import UPLOADS, Outcome
from dovetail.files.media import MEDIA, FileColumn
from dovetail.files.uploads import UnfitFileError, store_upload


async def store_uploads(app: Starlette, columns: Iterable[FileColumn], request: Request) -> None:
    """Store the files of a form for columns, and note for their fields the stored file, or the reason of a refusal."""
    by_name = {one.name: one for one in columns}
    outcomes: dict[UploadFile, Outcome] = {}
    for name, upload in (await request.form()).multi_items():
        if isinstance(upload, UploadFile) and upload.filename and name in by_name:
            try:
                outcomes[upload] = await store_upload(MEDIA.get(app), by_name[name], upload)
            except UnfitFileError as error:
                outcomes[upload] = error
    UPLOADS.set(request, outcomes)
