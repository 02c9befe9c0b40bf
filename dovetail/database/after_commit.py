"""Call a function after the commit of a transaction, and not if it is rolled back."""

import logging
from collections.abc import Callable
from typing import TypeAlias

from sqlalchemy.ext.asyncio import AsyncSession

from dovetail.state import InfoKey

Call: TypeAlias = Callable[[], None]
logger = logging.getLogger("dovetail.database")
AFTER_COMMIT = InfoKey[list[Call]]("after_commit")  # in `session.info`


def after_commit(session: AsyncSession, call: Call) -> None:
    """Call `call` once the unit of work of `session` is committed. It must be short and wait for nothing.

    Code that commits a session without a unit of work has to call `run_after_commit` too. Rolling back a savepoint
    does not cancel the call.
    """
    calls = AFTER_COMMIT.find(session.info)
    if calls is None:
        AFTER_COMMIT.set(session.info, [call])
    else:
        calls.append(call)


def run_after_commit(session: AsyncSession) -> None:
    """Make the calls that wait for the commit of `session`. What they raise is logged: the commit cannot be undone."""
    for call in AFTER_COMMIT.pop(session.info) or ():
        try:
            call()
        except Exception:
            logger.exception("What was to follow a commit failed.")
