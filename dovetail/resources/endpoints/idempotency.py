"""`Idempotency-Key`: a POST that is sent again is answered as it was the first time, for 24 hours.

The kernel has no tables: the plugin `dovetail.contrib.idempotency` keeps the answers, and says so by setting
IDEMPOTENCY_STORE in its setup. Without it the header is refused, because a client that sends it relies on
it. (https://datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header/)
"""

from collections.abc import Awaitable, Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import Request
from starlette.responses import Response

from dovetail.errors import BadRequestError, FieldError, InvalidInputError, NotAuthenticatedError
from dovetail.settings import SETTINGS
from dovetail.signing import Signer
from dovetail.state import StateKey

HEADER = "Idempotency-Key"
MAXIMUM_LENGTH = 255
NOTE = "note about the rows"  # among the headers that are kept, and never sent
KEPT_HEADERS = ("content-type", "etag", "location", "link")


class Replays(Protocol):
    """Decides what is answered again, as somebody may know less by then."""

    def note(self, keys: Sequence[Hashable]) -> str:
        """Return a text about the rows that were made, to be kept with the answer."""

    async def again(self, note: str, stored: Response) -> Response:
        """Return what is answered now, where `stored` was answered first."""


@dataclass(frozen=True, kw_only=True)
class Answer:
    """An answer as it is kept."""

    fingerprint: str  # of the request
    status: int
    headers: dict[str, str]
    body: bytes


class IdempotencyStore(Protocol):
    """Keeps answers in the request's own transaction."""

    async def claim(self, session: AsyncSession, owner: str, key: str) -> Answer | None:
        """Return the answer given to this key of this owner; None if there is none yet, and then the key is taken.

        Raise RequestInProgressError if another transaction has taken the same key and is not done: the request is
        tried again then, after pauses in which it holds no connection.
        """

    async def keep(self, session: AsyncSession, owner: str, key: str, answer: Answer) -> None:
        """Keep the answer for a key that was taken."""


IDEMPOTENCY_STORE = StateKey[IdempotencyStore]("idempotency_store", "enable dovetail.contrib.idempotency")


class WrittenResponse(Response):
    """The response to the request that made the rows with these keys."""

    def __init__(self, body: bytes, status: int, headers: Mapping[str, str], keys: Sequence[Hashable]) -> None:
        # As Starlette does it, without a look at what the headers say of length and type.
        self.status_code, self.body, self.background, self.keys = status, body, None, keys
        given = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
        length = (b"content-length", b"%d" % len(body))
        self.raw_headers = [*given, length, (b"content-type", b"application/json")]


async def respond_once(
    request: Request,
    session: AsyncSession,
    owner: str | None,
    answer: Callable[[], Awaitable[Response]],
    replays: Replays,
) -> Response:
    """Return what `answer` does, or what it answered when the same owner sent the same key before.

    An error is not kept: its transaction is rolled back, key and all, and the client may try again.
    """
    key = request.headers.get(HEADER)
    if key is None:
        return await answer()
    store = _store(request, owner, key)
    signer, sent = _signer(request), await _sent(request)
    found = await store.claim(session, str(owner), key)
    if found is None:
        response = await answer()
        kept = {name: response.headers[name] for name in KEPT_HEADERS if name in response.headers}
        if isinstance(response, WrittenResponse):
            kept[NOTE] = replays.note(response.keys)
        body = bytes(response.body)
        fingerprint = signer.signature(sent).hex()
        fresh = Answer(fingerprint=fingerprint, status=response.status_code, headers=kept, body=body)
        await store.keep(session, str(owner), key, fresh)
        return response
    if not signer.is_signature(sent, bytes.fromhex(found.fingerprint)):
        raise _refused("the key was used for another request; take a new one", "key_reused")
    headers = {**found.headers, "Idempotency-Replayed": "true"}
    note = headers.pop(NOTE, None)
    stored = Response(found.body, found.status, headers)
    return stored if note is None else await replays.again(note, stored)


def _store(request: Request, owner: str | None, key: str) -> IdempotencyStore:
    store = IDEMPOTENCY_STORE.find(request.app)
    if store is None:
        raise BadRequestError(f"This site keeps no answers: send no {HEADER}, or enable dovetail.contrib.idempotency.")
    if owner is None:
        raise NotAuthenticatedError(f"{HEADER} needs to know who asks.")
    if not (0 < len(key) <= MAXIMUM_LENGTH and key.isascii() and key.isprintable()):
        raise _refused(f"expected 1 to {MAXIMUM_LENGTH} printable ASCII characters", "bad_key")
    return store


def _refused(detail: str, kind: str) -> InvalidInputError:
    return InvalidInputError(errors=[FieldError(pointer=HEADER, detail=detail, type=kind)])


def _signer(request: Request) -> Signer:
    # Keyed with the site's secret: a body may contain a password, which must not be guessable from the database alone.
    return Signer(SETTINGS.get(request.app).secret_key, "dovetail.idempotency")


async def _sent(request: Request) -> bytes:
    parts = (request.method, request.scope["path"], request.url.query)
    return "\n".join(parts).encode("utf-8", "replace") + b"\n" + await request.body()
