"""Whatever the code writes down of an event is said in the language of who reads the page."""

import ast
import re
from collections.abc import Iterator
from gettext import NullTranslations
from pathlib import Path

import pytest

import dovetail
from dovetail.contrib.auth.events.models import EventKind
from dovetail.contrib.auth.events.record import record_failure
from dovetail.contrib.auth.events.words import CREDENTIALS, EVENTS, METHODS, WORDS, method_in_words
from dovetail.translation.catalogs import Language
from dovetail.translation.texts import override_language
from tests.contrib.auth.helpers import login
from tests.translation.pseudo import MARKED

RECORDERS = {"record", "record_failure", "note_failure", "note_proof", "_tell"}
KNOWN = {str.__str__(one) for one in (*METHODS.values(), *EVENTS, *CREDENTIALS)}


class Marks(NullTranslations):
    """Marks the texts that WORDS has."""

    def gettext(self, message: str) -> str:
        return f"⟦{message}⟧" if message in KNOWN else message


def _details() -> Iterator[str]:
    """Every text that is given to a recorder of events, with a 7 for each value in it."""
    for path in Path(dovetail.__file__).parent.glob("contrib/*/**/*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and getattr(node.func, "id", None) in RECORDERS:
                given = [one.value for one in node.keywords if one.arg == "detail"]
                yield from (text for one in [*given, *node.args[3:4]] for text in _texts(one))


def _texts(node: ast.expr) -> Iterator[str]:
    if isinstance(node, ast.IfExp):
        yield from (*_texts(node.body), *_texts(node.orelse))
    elif isinstance(node, ast.Constant):
        yield str(node.value)
    elif isinstance(node, ast.JoinedStr):
        yield "".join(str(one.value) if isinstance(one, ast.Constant) else "7" for one in node.values)


def said(detail: str) -> str:
    with override_language(Language("eo", "Esperanto", Marks())):
        return WORDS.translate(detail)


@pytest.mark.parametrize("detail", sorted({*_details(), *map("{} (7)".format, METHODS), "7, who acts as 7"} - {""}))
def test_every_recorded_detail_of_an_event_can_be_translated(detail):
    left = said(detail)
    while (inner := MARKED.sub("", left)) != left:
        left = inner
    assert not re.search("[A-Za-z]", left), "name it in `events/words.py`"


@pytest.mark.parametrize("database_kind", ["sqlite"])
async def test_the_page_of_events_is_translated_into_german(client, make_user, back_office_for):
    boss = await make_user(username="boss", is_superuser=True)
    for password in ("wrong password", "too short"):
        await login(client, "boss", password)
    office = await back_office_for(boss)
    office.client.headers["Accept-Language"] = "de"
    page = (await office.get("/auth/securityevent/")).text
    assert "Passwort (Verwaltung)" in page
    await record_failure(EventKind.LOGIN_FAILED, user=boss, detail="wrong password")
    key = max(map(int, re.findall(r"/auth/securityevent/(\d+)/", page)))
    assert "Passwort (Verwaltung)" in (await office.get(f"/auth/securityevent/{key}/")).text


def test_the_login_method_is_shown_in_words():
    assert method_in_words("password+totp") == "password + authenticator app"
    assert method_in_words("oidc:corporate") == "oidc:corporate"
