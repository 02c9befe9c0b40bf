"""What second factors cost in statements; tests/test_statement_counts.py asks whether all operations are here."""

from dovetail.contrib.auth.testing import PASSWORD
from tests.contrib.auth.factors.conftest import FACTORS, code_of
from tests.contrib.auth.factors.soft_authenticator import SoftAuthenticator

AUTH = "/api/auth"
COUNTED = {
    "list_factors": 4,
    "enrol_totp": 8,
    "confirm_totp": 14,
    "rename_totp": 5,
    "remove_totp": 13,
    "begin_passkey_registration": 6,
    "register_passkey": 17,
    "rename_passkey": 5,
    "remove_passkey": 14,
    "renew_recovery_codes": 8,
    "answer_login_challenge": 10,
    "begin_login_with_passkey": 3,
    "begin_proof_with_passkey": 4,
    "prove_with_second_factor": 9,
    "log_in_with_passkey": 9,
}


# A change by SQLAlchemy of what the history tells of costs a line of it, a deletion on PostgreSQL a lock as well.
MORE_FOR_THE_HISTORY = {"sqlite": 1, "postgresql": 2}
TOLD = {"confirm_totp", "register_passkey", "remove_totp", "remove_passkey"}


async def test_second_factors_cost_as_many_statements_as_they_did(
    client, client_for, make_user, count_statements, database_kind
):
    ada, key, seen = await client_for(await make_user(username="ada")), SoftAuthenticator(), {}

    async def ask(operation, request):
        with count_statements() as statements:
            answer = await request
        assert answer.is_success, answer.text
        seen[operation] = len(statements)
        return answer.json() if answer.content else None

    totp = await ask("enrol_totp", ada.post(f"{FACTORS}/totp", json={"name": "x"}))
    one = f"{FACTORS}/totp/{totp['id']}"
    await ask("confirm_totp", ada.post(f"{one}/confirm", json={"code": code_of(totp["secret"])}))
    asked = await ask("begin_passkey_registration", ada.post(f"{FACTORS}/passkeys/options"))
    body = {"name": "x", "passkey": key.create(asked["options"])}
    passkey = await ask("register_passkey", ada.post(f"{FACTORS}/passkeys", json=body))
    other = f"{FACTORS}/passkeys/{passkey['id']}"
    await ask("rename_totp", ada.patch(one, json={"name": "y"}))
    await ask("rename_passkey", ada.patch(other, json={"name": "y"}))
    await ask("list_factors", ada.get(FACTORS))
    login = (await client.post(f"{AUTH}/login", data={"username": "ada", "password": PASSWORD})).json()
    body = {"challenge": login["challenge"], "code": code_of(totp["secret"], 1)}
    await ask("answer_login_challenge", client.post(f"{AUTH}/login/second-factor", json=body))
    asked = await ask("begin_login_with_passkey", client.post(f"{AUTH}/passkeys/options"))
    body = {"passkey": key.get(asked["options"])}
    await ask("log_in_with_passkey", client.post(f"{AUTH}/passkeys/login", json=body))
    asked = await ask("begin_proof_with_passkey", ada.post(f"{AUTH}/prove/options"))
    await ask(
        "prove_with_second_factor", ada.post(f"{AUTH}/prove/second-factor", json={"passkey": key.get(asked["options"])})
    )
    await ask("renew_recovery_codes", ada.post(f"{FACTORS}/recovery-codes"))
    await ask("remove_totp", ada.delete(one))
    await ask("remove_passkey", ada.delete(other))
    more = MORE_FOR_THE_HISTORY[database_kind]
    assert seen == {name: count + more * (name in TOLD) for name, count in COUNTED.items()}
