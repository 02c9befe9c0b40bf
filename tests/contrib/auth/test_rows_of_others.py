"""What is done for one user, or by them, leaves every row of another as it was."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from dovetail.contrib.auth.accounts.one_time_tokens import create_one_time_token, expire_one_time_tokens
from dovetail.contrib.auth.factors.challenges import end_challenges, make_challenge, use_challenge
from dovetail.contrib.auth.factors.held import factors_of, remove_all_factors
from dovetail.contrib.auth.factors.models import Challenge, ChallengePurpose, Passkey, Totp
from dovetail.contrib.auth.factors.recovery_codes import make_recovery_codes, use_recovery_code
from dovetail.contrib.auth.factors.totp import begin_totp
from dovetail.contrib.auth.models import Group, OneTimeToken, TokenPurpose, User
from dovetail.contrib.auth.permissions.grants import grant, join_group, leave_group, revoke
from dovetail.contrib.auth.sessions.listing import end_one, sessions_of
from dovetail.contrib.auth.sessions.models import Session
from dovetail.contrib.auth.tokens import personal
from dovetail.contrib.auth.tokens.models import PersonalToken
from dovetail.contrib.auth.tokens.personal import make_token, revoke_token, revoke_tokens_of, tokens_of
from dovetail.contrib.auth.users import end_sessions, log_in, set_password, update_user
from dovetail.database.models import Base
from tests.contrib.auth.helpers import hashed

LASTS = timedelta(days=1)


def of_users():
    """Return each table of auth whose rows are somebody's, with the column that says whose."""
    for table in Base.metadata.sorted_tables:
        if table.name.startswith("auth_") and "user_id" in table.c and table.name != "auth_security_event":
            yield table, table.c.user_id
    yield User.__table__, User.__table__.c.id


async def rows_of(session, user_id):
    await session.flush()
    return {
        table.name: (await session.execute(select(table).where(column == user_id).order_by(*table.c))).all()
        for table, column in of_users()
    }


async def furnish(session, user, group):
    """Give a user a row of each kind, and of what is removed once it is over one that is; return their secrets."""
    name, whose = user.username, {"user_id": user.id}
    over = {"created_at": datetime.now(UTC) - 2 * LASTS, "expires_at": datetime.now(UTC) - LASTS}
    token = {**whose, **over, "token_hash": f"over {name}"}
    await grant(session, user, ["blog.view_post"])
    await join_group(session, user, group)
    await make_token(session, user, name="one", scopes=None, lifetime=LASTS)
    await create_one_time_token(session, user, TokenPurpose.RESET_PASSWORD, lifetime=3600)
    await begin_totp(session, user, "begun")
    kept = {"name": "kept", "secret": "x", "confirmed_at": datetime.now(UTC)}
    key = {"name": "key", "user_handle": name, "credential_id": name, "public_key": name}
    session.add_all(
        [
            Session(**token),
            PersonalToken(**token, name="over", hint="dvt_", is_limited=False),
            OneTimeToken(
                **whose, token_hash=f"over {name}", purpose=TokenPurpose.VERIFY_EMAIL, email=user.email, **over
            ),
            Totp(**whose, **kept),
            Passkey(**whose, **key),
        ]
    )
    user.has_second_factor = True
    await log_in(session, user, connection=None, method="x", second_factor=True)
    return (
        (await make_recovery_codes(session, user.id))[0],
        await make_challenge(session, ChallengePurpose.PROOF, user.id),
    )


@pytest.fixture
async def people(make_user, session):
    """Two users who are furnished alike, and the group that both are in."""
    keys = [(await make_user(username=name)).id for name in ("ada", "bob")]
    group = Group(name="writers")
    session.add(group)
    await session.flush()
    return [await session.get_one(User, key) for key in keys], group


async def test_operations_for_one_user_change_no_row_of_another(people, session, monkeypatch):
    (ada, bob), group = people
    secrets = [await furnish(session, user, group) for user in (ada, bob)]
    code, challenge = secrets[1]
    before = await rows_of(session, bob.id)
    assert [name for name, rows in before.items() if not rows] == ["auth_connected_login", "auth_outgoing_mail"]
    of_bob = {name: rows[0].id for name, rows in before.items() if rows and "id" in rows[0]._fields}
    monkeypatch.setattr(personal, "MAX_TOKENS", 3)

    assert not await use_recovery_code(session, ada.id, code)
    assert not await use_challenge(session, challenge, ChallengePurpose.PROOF, user_id=ada.id)
    assert not await end_one(session, ada, of_bob["auth_session"])
    assert not await revoke_token(session, ada, of_bob["auth_personal_token"])
    for done in (
        log_in(session, ada, connection=None, method="x", second_factor=True),
        make_token(session, ada, name="two", scopes=None, lifetime=LASTS),
        make_token(session, ada, name="three", scopes=None, lifetime=LASTS),
        create_one_time_token(session, ada, TokenPurpose.RESET_PASSWORD, lifetime=3600),
        begin_totp(session, ada, "anew"),
        make_recovery_codes(session, ada.id),
        leave_group(session, ada, group),
        revoke(session, ada, ["blog.view_post"]),
        set_password(session, ada, await hashed(), keep_token="none"),
        expire_one_time_tokens(session, ada.id),
        end_challenges(session, ada),
        revoke_tokens_of(session, ada),
        end_sessions(session, ada),
        remove_all_factors(session, ada),
        update_user(session, ada, is_active=False),
    ):
        await done
        assert await rows_of(session, bob.id) == before
    assert (await sessions_of(session, ada), await tokens_of(session, ada)) == ([], [])
    held = await factors_of(session, ada.id)
    assert (held.totp, held.passkeys, held.recovery_codes, ada.has_second_factor) == ([], [], 0, False)
    assert (await session.scalars(select(Challenge.user_id))).all() == [bob.id]
