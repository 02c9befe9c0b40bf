"""What holds a secret does not show it where it is printed: in a log, in a traceback, in the message of a test."""

import pytest

from dovetail.contrib.auth.accounts.passwords import HashedPassword
from dovetail.contrib.auth.factors.changes import Added
from dovetail.contrib.auth.factors.models import Totp
from dovetail.contrib.auth.factors.second_step import SecondStep
from dovetail.contrib.auth.sessions.log_in import LoggedIn
from dovetail.contrib.auth.sessions.models import Session
from dovetail.contrib.auth.tokens.models import PersonalToken
from dovetail.contrib.auth.tokens.personal import MadeToken

SECRET = "not-for-logs"


@pytest.mark.parametrize(
    "holder",
    [
        Added(factor=Totp(), recovery_codes=[SECRET]),
        HashedPassword(SECRET),
        LoggedIn(token=SECRET, row=Session(), seconds=1, refresh_token=SECRET),
        MadeToken(token=SECRET, row=PersonalToken(), scopes=None),
        SecondStep(challenge=SECRET, methods=(), expires_in=1, passkey=None),
    ],
    ids=lambda holder: type(holder).__name__,
)
def test_objects_with_secrets_do_not_print_them(holder):
    assert SECRET not in repr(holder)
