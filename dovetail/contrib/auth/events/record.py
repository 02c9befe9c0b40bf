"""Record security events: a row, and a line of the log. Neither ever holds a secret; name things, quote nobody.

    await record(session, EventKind.TOKEN_REVOKED, user=user, detail="the token 'ci'")
    await record_failure(EventKind.FACTOR_FAILED, user=user, detail="a code that was used before")

Who did it, from where and in which request is what the request says that is being answered.
"""

import logging
from functools import partial

from sqlalchemy.ext.asyncio import AsyncSession

from dovetail.contrib.auth.events.models import EventKind, SecurityEvent
from dovetail.contrib.auth.events.origin import clean_detail, current_origin, who
from dovetail.contrib.auth.events.recorder import RECORDER, Recorder
from dovetail.contrib.auth.models import User
from dovetail.database.after_commit import after_commit
from dovetail.state import IMPERSONATOR, current_application, current_scope

logger = logging.getLogger("dovetail.auth.events")


async def record(
    session: AsyncSession, kind: EventKind, *, user: User | None = None, actor: User | None = None, detail: str = ""
) -> None:
    """Record what happened to `user` in the transaction of `session`, and log it once that is committed.

    `actor` is who did it, if it is not who sends the request. What is rolled back was not recorded; see
    `record_failure`.
    """
    values = _values(kind, user, actor, detail)
    event = SecurityEvent(**values)
    if kind is EventKind.USER_DELETED:
        event.user_id = None  # the name stays
    session.add(event)
    after_commit(session, partial(_log, logging.INFO, event))


async def record_failure(
    kind: EventKind, *, user: User | None = None, actor: User | None = None, detail: str = "", place: str = ""
) -> None:
    """Record what was refused, or rolled back; it is logged at once and written a moment later, beside the request.

    So it takes no connection and no time of the request's. What is alike, but for the `place` that it was refused at,
    is one row a minute with a number; see Recorder. Outside of a request it is only logged.
    """
    note_failure(kind, user=user, actor=actor, detail=detail, place=place)


def note_failure(
    kind: EventKind, *, user: User | None = None, actor: User | None = None, detail: str = "", place: str = ""
) -> None:
    """Do what `record_failure` does, for who cannot await it."""
    values = _values(kind, user, actor, detail)
    key = tuple(values[name] for name in ("kind", "user_id", "actor_id", "address", "detail"))
    if place:
        values["detail"] = clean_detail(f"{values['detail']} ({place})")
    _log(logging.WARNING, SecurityEvent(**values))
    recorder = _recorder()
    if recorder is not None:
        recorder.add(key, values)


def _values(kind: EventKind, user: User | None, actor: User | None, detail: str) -> dict[str, object]:
    origin, whose = current_origin(), who(user)
    by = origin.actor if actor is None else who(actor)
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
