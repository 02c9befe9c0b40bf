"""Create refresh tokens, each of which works once (RFC 6749, section 6; RFC 9700, section 4.14.2)."""

from sqlalchemy.ext.asyncio import AsyncSession

from dovetail.contrib.auth.sessions.models import RefreshToken, Session
from dovetail.contrib.auth.sessions.token_text import REFRESH_PREFIX, make_token_text
from dovetail.signing import hash_token


async def make_refresh_token(session: AsyncSession, row: Session) -> str:
    """Create and return a refresh token for a session, valid as long as the session."""
    token = make_token_text(REFRESH_PREFIX)
    session.add(RefreshToken(token_hash=hash_token(token), session_id=row.id))
    await session.flush()
    return token
