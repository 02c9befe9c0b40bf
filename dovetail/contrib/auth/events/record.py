"""Record security events, as a row and a log line. Neither may contain secrets or quote user input.

    await record(session, EventKind.TOKEN_REVOKED, user=user, detail="the token 'ci'")
    await record_failure(EventKind.FACTOR_FAILED, user=user, detail="a code that was used before")

The actor, address and request id are taken from the current request.
"""

import logging
from functools import partial

from sqlalchemy.ext.asyncio import AsyncSession

from dovetail.contrib.auth.events.models import EventKind, SecurityEvent
from dovetail.contrib.auth.events.origin import account_ref_of, clean_detail, current_origin
from dovetail.contrib.auth.events.recorder import RECORDER, Recorder
from dovetail.contrib.auth.models import User
from dovetail.database.after_commit import after_commit
from dovetail.state import IMPERSONATOR, current_application, current_scope

logger = logging.getLogger("dovetail.auth.events")


async def record(
    session: AsyncSession, kind: EventKind, *, user: User | None = None, actor: User | None = None, detail: str = ""
) -> None:
    """Record an event about `user` in the transaction of `session`, and log it after the commit.

    `actor` is who caused it, by default the user of the request. If the transaction is rolled back, nothing is
    recorded; for that see `record_failure`.
    """
    values = _values(kind, user, actor, detail)
    event = SecurityEvent(**values)
    if kind is EventKind.USER_DELETED:
        event.user_id = None  # only the name is kept
    session.add(event)
    after_commit(session, partial(_log, logging.INFO, event))


async def record_failure(
    kind: EventKind, *, user: User | None = None, actor: User | None = None, detail: str = "", place: str = ""
) -> None:
    """Record a refusal or an operation that was rolled back: logged at once, and written to the table a moment later.

    It takes neither a connection nor time of the request. Events that only differ in their `place` are combined into
    one row per minute with a count; see Recorder. Outside of a request it is only logged.
    """
    note_failure(kind, user=user, actor=actor, detail=detail, place=place)


def note_failure(
    kind: EventKind, *, user: User | None = None, actor: User | None = None, detail: str = "", place: str = ""
) -> None:
    """Do the same as `record_failure`, for callers that cannot await."""
    values = _values(kind, user, actor, detail)
    key = tuple(values[name] for name in ("kind", "user_id", "actor_id", "address", "detail"))
    if place:
        values["detail"] = clean_detail(f"{values['detail']} ({place})")
    _log(logging.WARNING, SecurityEvent(**values))
    recorder = _recorder()
    if recorder is not None:
        recorder.add(key, values)


def _values(kind: EventKind, user: User | None, actor: User | None, detail: str) -> dict[str, object]:
    origin, whose = current_origin(), account_ref_of(user)
    by = origin.actor if actor is None else account_ref_of(actor)
    impersonator = (current_scope.get() or {}).get(IMPERSONATOR)
    detail = f"{detail} ({impersonator})".strip() if impersonator else detail
    return {
        "kind": kind,
        "user_id": whose.id,
        "username": whose.name,
        "actor_id": by.id,
        "actor_name": by.name,
        "address": origin.address,
        "user_agent": origin.user_agent,
        "request_id": origin.request_id,
        "detail": clean_detail(detail),
    }


def _log(level: int, event: SecurityEvent) -> None:
    logger.log(
        level,
        "%s user=%s actor=%s from=%s agent=%r: %s",
        event.kind,
        event.username or "-",
        event.actor_name or "-",
        event.address or "-",
        event.user_agent,
        event.detail or "-",
    )


def _recorder() -> Recorder | None:
    app = current_application()
    return None if app is None else RECORDER.find(app)
