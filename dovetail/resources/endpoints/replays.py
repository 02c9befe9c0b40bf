"""Answers that are given again for an `Idempotency-Key`, to whoever may know less than when they were given first."""

from collections.abc import Hashable, Sequence

import orjson
from sqlalchemy import or_, select, true
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import Response

from dovetail.database.fast_unit_of_work import SessionSource
from dovetail.resources.policy import is_always, not_found
from dovetail.resources.read.etags import etag
from dovetail.resources.read.reader import Batch
from dovetail.resources.spec import Spec
from dovetail.resources.visibility import Visibility

ORJSON_OPTIONS = orjson.OPT_UTC_Z


async def replay(
    spec: Spec, session: AsyncSession, viewer: object, written_keys: Sequence[Hashable], stored: Response
) -> Response:
    """Return the answer that was kept for the rows with these keys, or what the viewer may see of them now.

    JSON has held the keys. Raises NotFoundError if a row is there that they may neither view nor add any more.
    """
    keys = [spec.key_adapter.validate_python(key) for key in written_keys]
    await _check_rows(spec, session, viewer, keys)
    related, hidden = spec.access.related(viewer), spec.access.hidden(viewer)
    if not (related or hidden):
        return stored
    visibility = Visibility(true(), related, hidden)
    batch = await spec.written_reader.read_keys(SessionSource(session), keys, visibility)
    if len(batch.items) < len(keys):
        raise not_found(spec.singular, keys[0])
    return _written_anew(batch, keys, stored)


async def _check_rows(spec: Spec, session: AsyncSession, viewer: object, keys: Sequence[Hashable]) -> None:
    condition = or_(spec.policy.where(viewer, "view"), spec.policy.where(viewer, "add"))
    if is_always(condition):
        return
    column = getattr(spec.model, spec.key)
    for key, is_allowed in await session.execute(select(column, condition).where(column.in_(keys))):
        if not is_allowed:
            raise not_found(spec.singular, key)


def _written_anew(batch: Batch, keys: Sequence[Hashable], stored: Response) -> Response:
    headers = {name: value for name, value in stored.headers.items() if name != "content-length"}
    if "etag" in headers:
        body = orjson.dumps(batch.items[0], option=ORJSON_OPTIONS)
        headers["etag"] = etag(batch.version(0), body)
    else:  # of a bulk request
        items = {batch.position(number)[0]: item for number, item in enumerate(batch.items)} if len(keys) > 1 else {}
        found = [items[key] for key in keys] if items else batch.items
        body = orjson.dumps({"items": found}, option=ORJSON_OPTIONS)
    return Response(body, stored.status_code, headers)
