"""Replayed responses for an `Idempotency-Key`, for a user who may be allowed to see less than the first time."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from hashlib import blake2b

import orjson
from sqlalchemy import or_, select, true
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.responses import Response

from dovetail.database.fast_unit_of_work import SessionSource, dialect_of
from dovetail.resources.conditions import is_always
from dovetail.resources.policy import not_found
from dovetail.resources.query.keys import have_keys, key_from
from dovetail.resources.read.etags import etag
from dovetail.resources.read.reader import Batch
from dovetail.resources.spec import Spec
from dovetail.resources.sql.json_values import ORJSON_OPTIONS
from dovetail.resources.visibility import Visibility
from dovetail.resources.write.bulk.rows import WrittenRows


@dataclass(frozen=True)
class Replays:
    """A note of the rows that a viewer made, and what they are answered when they ask for the same again."""

    spec: Spec
    session: AsyncSession
    viewer: object

    def note(self, keys: Sequence[Hashable]) -> str:
        """Return a text about the rows with these keys, to be kept with the answer."""
        return orjson.dumps({"keys": list(keys), "rules": self._rules()}, default=str).decode()

    async def again(self, note: str, stored: Response) -> Response:
        """Return the answer that was kept; if other fields or related rows are hidden now, what may be seen by now.

        Raise NotFoundError if a row is there that the viewer may neither view nor add any more.
        """
        noted = orjson.loads(note)
        keys = [self.spec.key_adapter.validate_python(key) for key in noted["keys"]]
        await _check_rows(self.spec, self.session, self.viewer, keys)
        if noted["rules"] == self._rules():
            return stored
        access = self.spec.access
        expressions = self.spec.expressions(self.viewer)
        related, hidden = access.related(self.viewer), access.hidden(self.viewer)
        visibility = Visibility(true(), related, hidden, expressions=expressions)
        batch = await self.spec.written_reader.read_keys(SessionSource(self.session), keys, visibility)
        if len(batch.items) < len(keys):
            raise not_found(self.spec.singular, keys[0])
        return _written_anew(self.spec, batch, keys, stored)

    def _rules(self) -> str:
        """Return a digest of what hides fields and related rows from the viewer."""
        dialect = dialect_of(self.session)
        texts = sorted(self.spec.access.hidden(self.viewer))
        for path, condition in sorted(self.spec.access.related(self.viewer).items()):
            compiled = condition.compile(dialect=dialect)
            texts += [path, str(compiled), repr(compiled.params)]
        return blake2b("\0".join(texts).encode(), digest_size=16).hexdigest()


async def _check_rows(spec: Spec, session: AsyncSession, viewer: object, keys: Sequence[Hashable]) -> None:
    condition = or_(spec.policy.where(viewer, "view"), spec.policy.where(viewer, "add"))
    if is_always(condition):
        return
    columns = [getattr(spec.model, name) for name in spec.keys]
    for *key, is_allowed in await session.execute(
        select(*columns, condition).where(have_keys(spec.model, spec.keys, keys))
    ):
        if not is_allowed:
            raise not_found(spec.singular, key_from(key))


def _written_anew(spec: Spec, batch: Batch, keys: Sequence[Hashable], stored: Response) -> Response:
    headers = {name: value for name, value in stored.headers.items() if name != "content-length"}
    if "etag" in headers:
        body = spec.envelope.wrapped(orjson.dumps(batch.items[0], option=ORJSON_OPTIONS))
        headers["etag"] = etag(batch.version(0), body)
    else:  # of a bulk request
        body = orjson.dumps({"items": WrittenRows(keys, batch).items()}, option=ORJSON_OPTIONS)
    return Response(body, stored.status_code, headers)
