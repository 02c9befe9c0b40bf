"""Serve files to whoever may see the row that refers to them, and to nobody before the row is committed."""

import io
import logging
from http import HTTPStatus
from urllib.parse import quote

from fastapi import FastAPI
from sqlalchemy import ColumnElement, select, true
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from dovetail.api.principal import AUTHENTICATOR, VISITOR_AUTHENTICATOR, Principal
from dovetail.contrib.media.opening import open_media
from dovetail.database.unit_of_work import DATABASE
from dovetail.errors import NotFoundError
from dovetail.files.closing_response import ClosingResponse
from dovetail.files.columns import IMAGE_TYPES, ImageField
from dovetail.files.file_response import StoredFileResponse
from dovetail.files.images import UnfitImageError, make_thumbnail
from dovetail.files.media import MEDIA, THUMBNAIL, FileColumn, Media
from dovetail.files.stored_file import StoredFile, is_key
from dovetail.plugin import Context
from dovetail.resources.policies.closed import is_within_scopes
from dovetail.resources.policies.registered import POLICIES, visible_rows

logger = logging.getLogger("dovetail.media")

WEBP = "image/webp"
# Whatever a file holds, a browser runs nothing of it, and takes it for nothing else than it is called.
ALWAYS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Resource-Policy": "same-origin",
}


def mount(app: FastAPI, context: Context) -> None:
    """Serve the files of a site, and let forms and addresses find them."""
    media = open_media(context)
    MEDIA.set(app, media)
    if media.path:
        app.router.add_route(
            f"{media.path}/{{key:path}}", serve, methods=["GET"], name="media", include_in_schema=False
        )


async def serve(request: Request) -> Response:
    """Answer with a file, or with a part of it (`Range`). Raise NotFoundError where nothing is that one may see."""
    media, file = MEDIA.get(request.app), StoredFile(request.path_params["key"])
    column, size = media.column_of(file), request.query_params.get(THUMBNAIL, "")
    if column is None or not is_key(file) or (size and size not in _boxes(column)):
        raise _nothing()
    async with DATABASE.get(request.app).unit_of_work(read_only=True) as session:
        await _check_may_see(request, session, column, file)
    headers = ALWAYS | _headers(column, file, size)
    etag = headers["ETag"]
    if etag in [one.strip().removeprefix("W/") for one in request.headers.get("if-none-match", "").split(",")]:
        return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
    if not size:
        return await _answer(media, str(file), file.content_type, headers)
    box = _boxes(column)[size]
    key = file.thumbnail_key(f"{size}-{box[0]}x{box[1]}")
    made = None if await media.storage.exists(key) else await _make_thumbnail(media, file, key, box)
    return (
        await _answer(media, key, WEBP, headers) if made is None else Response(made, headers=headers, media_type=WEBP)
    )


async def _check_may_see(request: Request, session: AsyncSession, column: FileColumn, file: StoredFile) -> None:
    """Raise NotFoundError unless a committed row refers to the file that the user may view."""
    attribute = getattr(column.model, column.name)
    condition: ColumnElement[bool] = true()
    if not column.type.public:
        user = await _user(request, session)
        viewer = user if is_within_scopes(user, column.model) else None  # as `visible_rows` asks
        if column.name in POLICIES.get(request.app).of(column.model).hidden(viewer):
            raise _nothing()
        condition = visible_rows(viewer, column.model)
    found = await session.scalar(select(attribute).where(attribute == file, condition).limit(1))
    if found is None:
        raise _nothing()


async def _user(request: Request, session: AsyncSession) -> Principal | None:
    """Return who asks, by a token or by the cookie of the back office; None for somebody unknown."""
    for key in (AUTHENTICATOR, VISITOR_AUTHENTICATOR):
        authenticate = key.find(request.app)
        user = None if authenticate is None else await authenticate(request, session)
        if user is not None:
            return user
    return None


def _boxes(column: FileColumn) -> dict[str, tuple[int, int]]:
    return dict(column.type.thumbnails) if isinstance(column.type, ImageField) else {}


def _headers(column: FileColumn, file: StoredFile, size: str) -> dict[str, str]:
    """Return what is the same for all of a file's answers: only an image that was decoded is shown, and not saved."""
    is_shown = bool(size) or (column.type.is_image and file.content_type in IMAGE_TYPES)
    disposition = "inline" if is_shown else "attachment"
    name = f"{file.name.rpartition('.')[0] or file.name}.webp" if size else file.name
    plain = name.encode("ascii", "replace").decode().replace("?", "_")
    width, height = _boxes(column).get(size, (0, 0))
    return {
        "Content-Disposition": f"{disposition}; filename=\"{plain}\"; filename*=UTF-8''{quote(name)}",
        "ETag": f'"{file.folder.rpartition("/")[2]}{f"-{size}-{width}x{height}" if size else ""}"',
        "Cache-Control": f"{'public' if column.type.public else 'private'}, no-cache",
    }


async def _make_thumbnail(media: Media, file: StoredFile, key: str, box: tuple[int, int]) -> bytes | None:
    """Make a thumbnail when it is first asked for, and keep it beside its image; return it where it cannot be kept."""
    try:
        content = b"".join([piece async for piece in media.storage.open(file)])
        made = await make_thumbnail(content, box, max_pixels=media.max_pixels)
    except (FileNotFoundError, UnfitImageError):
        raise _nothing() from None
    try:
        await media.storage.save(key, io.BytesIO(made))
    except OSError as error:  # the disk is full: that is no reason to show no picture
        logger.warning("the thumbnail %s cannot be stored: %s", key, error)
        return made
    return None


async def _answer(media: Media, key: str, kind: str, headers: dict[str, str]) -> Response:
    if elsewhere := await media.storage.url(key):
        return RedirectResponse(elsewhere, HTTPStatus.TEMPORARY_REDIRECT, {"Cache-Control": "no-store"})
    if not await media.storage.exists(key):
        raise _nothing()
    if path := media.storage.path(key):
        return StoredFileResponse(path, headers=headers, media_type=kind)
    size = await media.storage.size(key)
    return ClosingResponse(media.storage.open(key), kind, {**headers, "Content-Length": str(size)})


def _nothing() -> NotFoundError:
    return NotFoundError("There is no such file, or you may not see it.")
