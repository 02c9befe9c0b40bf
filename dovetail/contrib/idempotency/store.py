"""Keep answers as rows, written in the transaction of the request they answer: both are there, or neither is."""

from datetime import datetime

from fastapi import FastAPI
from sqlalchemy import ColumnElement, delete, func, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

from dovetail.contrib.idempotency.expiry import NO_SYNC, oldest
from dovetail.contrib.idempotency.models import IdempotentAnswer
from dovetail.errors import AtWorkError
from dovetail.plugin import Context
from dovetail.resources.endpoints.idempotency import IDEMPOTENCY_STORE, Answer


class Store:
    """Keeps answers for the kernel: its IdempotencyStore."""

    async def claim(self, session: AsyncSession, owner: str, key: str) -> Answer | None:
        """Return what this key of this owner was answered within 24 hours; None if nothing: the key is taken then.

        What is too old, of this owner, is swept on the way. Raise AtWorkError if a transaction that took the same key
        is not done; on SQLite, whose writers take turns, there is none.
        """
        old = oldest()
        if (answer := await _find(session, owner, key, since=old)) is not None:  # as for nearly every retry
            return answer
        await _take_key(session, owner, key)
        insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
        row = insert(IdempotentAnswer).values(owner=owner, key=key).on_conflict_do_nothing()
        forget = delete(IdempotentAnswer).where(IdempotentAnswer.owner == owner, IdempotentAnswer.created_at <= old)
        await session.execute(forget, execution_options=NO_SYNC)
        taken = (await session.execute(row.returning(IdempotentAnswer.id))).one_or_none()
        if taken is not None:
            return None
        answer = await _find(session, owner, key, since=old)
        if answer is None:  # it was there a moment ago
            raise AtWorkError
        return answer

    async def keep(self, session: AsyncSession, owner: str, key: str, answer: Answer) -> None:
        """Keep the answer for a key that was taken."""
        values = {
            "fingerprint": answer.fingerprint,
            "status": answer.status,
            "headers": answer.headers,
            "body": answer.body,
        }
        statement = update(IdempotentAnswer).where(*_is(owner, key)).values(values)
        await session.execute(statement, execution_options=NO_SYNC)


def install(app: FastAPI, context: Context) -> None:  # noqa: ARG001 - every setup is handed it
    """Tell the kernel who keeps answers."""
    IDEMPOTENCY_STORE.set(app, Store())


async def _find(session: AsyncSession, owner: str, key: str, *, since: datetime) -> Answer | None:
    statement = select(IdempotentAnswer).where(*_is(owner, key), IdempotentAnswer.created_at > since)
    found = (await session.scalars(statement)).one_or_none()
    if found is None:
        return None
    return Answer(fingerprint=found.fingerprint, status=found.status or 0, headers=dict(found.headers), body=found.body)


async def _take_key(session: AsyncSession, owner: str, key: str) -> None:
    # The INSERT would wait for the other transaction, with a connection in hand that others wait for.
    if session.get_bind().dialect.name == "postgresql":
        number = func.hashtextextended(f"dovetail idempotency {owner} {key}", 0)
        if not await session.scalar(select(func.pg_try_advisory_xact_lock(number))):
            raise AtWorkError


def _is(owner: str, key: str) -> tuple[ColumnElement[bool], ...]:
    return IdempotentAnswer.owner == owner, IdempotentAnswer.key == key
