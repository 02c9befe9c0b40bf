"""What is asked of the fields in which passwords are typed, and of how one that was typed is compared."""

import re
from pathlib import Path

import pytest

import dovetail.contrib.admin
from dovetail.contrib.auth.accounts.passwords import hash_password, verify_password
from dovetail.contrib.auth.password_rules.length import LONGEST

OFFICE = Path(dovetail.contrib.admin.__file__).parent
FIELD = re.compile(r'<input[^>]*(?:type="password"|name="[^"]*password[^"]*")[^>]*>')


def test_every_password_is_masked_can_be_pasted_and_is_known_to_managers_of_passwords():
    texts = {path.name: path.read_text(encoding="utf-8") for path in OFFICE.rglob("*.html")}
    fields = [(name, field) for name, text in texts.items() for field in FIELD.findall(text)]
    assert {"login.html", "password.html", "prove.html"} <= {name for name, _ in fields}
    for name, field in fields:
        assert 'type="password"' in field, f"{name}: {field}"
        meaning = re.search(r'autocomplete="([^"]*)"', field)
        assert meaning is not None, f"{name}: {field}"
        assert meaning[1] in {"current-password", "new-password", "{{ autocomplete }}"}, f"{name}: {field}"
        assert not re.search(r"readonly|maxlength=|onpaste=", field), f"{name}: {field}"
    for path in (OFFICE / "assets").glob("*.js"):
        assert "paste" not in path.read_text(encoding="utf-8"), path


@pytest.mark.anyio
async def test_a_password_is_compared_to_its_last_character_and_in_its_case():
    password = "Correct horse " + "x" * (LONGEST - 15) + "y"
    assert len(password) == LONGEST
    hashed = await hash_password(password)
    for tried, is_right in (
        (password, True),
        (password[:-1] + "z", False),
        (password[:-1], False),
        (password.lower(), False),
        (f"{password} ", False),
        (password.replace(" ", ""), False),
    ):
        assert (await verify_password(tried, hashed))[0] is is_right, tried
