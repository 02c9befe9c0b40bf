"""Messages for the next page: only those that the site itself wrote are shown."""

from base64 import urlsafe_b64encode
from gettext import NullTranslations

import pytest
from pydantic import SecretStr
from starlette.requests import Request
from starlette.responses import Response

from dovetail.contrib.admin.web.cookies import Cookies
from dovetail.contrib.admin.web.messages import MAXIMUM_COUNT, MAXIMUM_LENGTH, Messages
from dovetail.signing import Signer
from dovetail.translation.catalogs import Language
from dovetail.translation.texts import gettext_lazy, override_language

SECRET = SecretStr("a secret of this site, which is long enough")
COOKIES = Cookies(SECRET, secure=False)


class Loud(NullTranslations):
    def gettext(self, message: str) -> str:
        return message.upper()


SAVED = [{"message": "Saved, Zoë.", "category": "info"}]


def request(cookie: str | None = None, session: dict[str, object] | None = None) -> Request:
    headers = [] if cookie is None else [(b"cookie", f"{COOKIES.messages}={cookie}".encode())]
    return Request({"type": "http", "headers": headers, "session": session or {}})


def shown(cookie: str | None) -> object:
    loaded = request(cookie)
    Messages(COOKIES, SECRET).load(loaded)
    return loaded.scope["session"]


def sent(messages: list[dict[str, str]], secret: SecretStr = SECRET) -> str:
    response = Response()
    Messages(COOKIES, secret).save(request(session={"_messages": messages}), response)
    return response.headers["set-cookie"].partition(";")[0].partition("=")[2]


def test_what_one_page_says_the_next_one_shows():
    assert shown(sent(SAVED)) == {"_messages": SAVED}
    with override_language(Language("de", "Deutsch", Loud())):  # a lazy text is said by the page that made it
        said = shown(sent([{"message": gettext_lazy("Saved."), "category": "info"}]))
    assert said == {"_messages": [{"message": "SAVED.", "category": "info"}]}
    assert shown(Signer(SECRET, "dovetail.admin.messages").dumps(SAVED)) == {"_messages": SAVED}


@pytest.mark.parametrize(
    "forged",
    [
        None,
        "",
        ".",
        urlsafe_b64encode(b'[{"message": "Call this number", "category": "info"}]').decode(),
        sent(SAVED, SecretStr("the secret of another site")),
        Signer(SECRET, "dovetail.admin.csrf").dumps(SAVED),
        sent(SAVED)[:-1],
        sent(SAVED)[:-2] + "AA",
    ],
)
def test_what_the_site_did_not_write_is_not_shown(forged):
    assert shown(forged) == {}


def test_the_last_messages_are_kept_and_cut_to_what_a_cookie_holds():
    kept = shown(sent([{"message": f"{number}" * 400} for number in range(5)]))
    assert kept == {"_messages": [{"message": f"{number}" * MAXIMUM_LENGTH} for number in (3, 4)]}
    assert MAXIMUM_COUNT == 2


def test_what_was_shown_is_forgotten():
    response = Response()
    Messages(COOKIES, SECRET).save(request(sent(SAVED)), response)
    assert f"{COOKIES.messages}=" in response.headers["set-cookie"]
    assert "Max-Age=0" in response.headers["set-cookie"]
    response = Response()
    Messages(COOKIES, SECRET).save(request(), response)
    assert "set-cookie" not in response.headers
    response = Response()
    Messages(COOKIES, SECRET).save(Request({"type": "http", "headers": []}), response)
    assert "set-cookie" not in response.headers
