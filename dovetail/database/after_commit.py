"""Do something once a transaction is committed, and nothing if it is rolled back."""

import logging
from collections.abc import Callable
from typing import TypeAlias

from sqlalchemy.ext.asyncio import AsyncSession

from dovetail.state import InfoKey

Call: TypeAlias = Callable[[], None]
logger = logging.getLogger("dovetail.database")
AFTER_COMMIT = InfoKey[list[Call]]("after_commit")  # in `session.info`


def after_commit(session: AsyncSession, call: Call) -> None:
    """Call `call` when the unit of work that `session` is of was committed; it is short, and waits for nothing.

    Whoever commits a session without a unit of work calls `run_after_commit` too. A savepoint that is rolled back
    does not undo it.
    """
    calls = AFTER_COMMIT.find(session.info)
    if calls is None:
        AFTER_COMMIT.set(session.info, [call])
    else:
        calls.append(call)


def run_after_commit(session: AsyncSession) -> None:
    """Make the calls that wait for the commit of `session`; the transaction stands, whatever they raise."""
    for call in AFTER_COMMIT.pop(session.info) or ():
        try:
            call()
        except Exception:
            logger.exception("What was to follow a commit failed.")
