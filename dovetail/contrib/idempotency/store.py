"""Store responses as rows, in the transaction of the request: either both are committed or neither."""

from datetime import datetime

from fastapi import FastAPI
from sqlalchemy import ColumnElement, delete, func, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

from dovetail.contrib.idempotency.expiry import NO_SYNC, oldest
from dovetail.contrib.idempotency.models import IdempotentAnswer
from dovetail.errors import RequestInProgressError
from dovetail.plugin import Context
from dovetail.resources.endpoints.idempotency import IDEMPOTENCY_STORE, Answer


class Store:
    """Stores responses in the database: the implementation of the kernel's IdempotencyStore."""

    async def claim(self, session: AsyncSession, owner: str, key: str) -> Answer | None:
        """Return the response stored for this owner and key within 24 hours, or None after reserving the key.

        Also delete the owner's expired responses. Raise RequestInProgressError if another transaction has reserved the
        key and is still running; this cannot happen on SQLite, where only one transaction writes at a time.
        """
        old = oldest()
        if (answer := await _find(session, owner, key, since=old)) is not None:  # nearly every retry ends here
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
        if answer is None:  # another transaction inserted the row and has not stored its response
            raise RequestInProgressError
        return answer

    async def keep(self, session: AsyncSession, owner: str, key: str, answer: Answer) -> None:
        """Store the response for a reserved key."""
        values = {
            "fingerprint": answer.fingerprint,
            "status": answer.status,
            "headers": answer.headers,
            "body": answer.body,
        }
        statement = update(IdempotentAnswer).where(*_is(owner, key)).values(values)
        await session.execute(statement, execution_options=NO_SYNC)


def install(app: FastAPI, context: Context) -> None:  # noqa: ARG001 - the signature of every setup function
    """Register the store with the kernel."""
    IDEMPOTENCY_STORE.set(app, Store())


async def _find(session: AsyncSession, owner: str, key: str, *, since: datetime) -> Answer | None:
    statement = select(IdempotentAnswer).where(*_is(owner, key), IdempotentAnswer.created_at > since)
    found = (await session.scalars(statement)).one_or_none()
    if found is None:
        return None
    return Answer(fingerprint=found.fingerprint, status=found.status or 0, headers=dict(found.headers), body=found.body)


async def _take_key(session: AsyncSession, owner: str, key: str) -> None:
    # Without this lock the INSERT would wait for the other transaction, while holding a connection of the pool.
    if session.get_bind().dialect.name == "postgresql":
        number = func.hashtextextended(f"dovetail idempotency {owner} {key}", 0)
        if not await session.scalar(select(func.pg_try_advisory_xact_lock(number))):
            raise RequestInProgressError


def _is(owner: str, key: str) -> tuple[ColumnElement[bool], ...]:
    return IdempotentAnswer.owner == owner, IdempotentAnswer.key == key
