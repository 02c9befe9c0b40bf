"""Flash messages (`sqladmin.flash.Flash`): kept in a signed cookie until a page has shown them."""

from typing import TypeAlias, cast

from pydantic import SecretStr
from starlette.requests import Request
from starlette.responses import Response

from dovetail.contrib.admin.web.cookies import Cookies
from dovetail.signing import BadSignatureError, Signer

MAXIMUM_LENGTH = 300  # characters of one message: a cookie holds 4096 bytes
MAXIMUM_COUNT = 2

Message: TypeAlias = dict[str, str]  # the format of `Flash`


class Messages:
    """Stores messages between the page that adds them and the page that shows them."""

    def __init__(self, cookies: Cookies, secret_key: SecretStr) -> None:
        self._cookies = cookies
        self._signer = Signer(secret_key, "dovetail.admin.messages")

    def load(self, request: Request) -> None:
        """Load the messages into `request.session`, where `Flash` and the templates find them."""
        messages = self._decode(request.cookies.get(self._cookies.messages, ""))
        request.scope["session"] = {"_messages": messages} if messages else {}

    def save(self, request: Request, response: Response) -> None:
        """Set the cookie with the messages that no page has shown."""
        messages = request.scope.get("session", {}).get("_messages")
        if messages:
            self._cookies.set(response, self._cookies.messages, self._encode(messages))
        elif self._cookies.messages in request.cookies:
            self._cookies.delete(response, self._cookies.messages)

    def _encode(self, messages: list[Message]) -> str:
        return self._signer.dumps(
            # A lazy text is said here: JSON, and a slice of it, have the English.
            [{key: str(value)[:MAXIMUM_LENGTH] for key, value in one.items()} for one in messages[-MAXIMUM_COUNT:]]
        )

    def _decode(self, cookie: str) -> list[Message]:
        try:
            return cast("list[Message]", self._signer.loads(cookie))
        except BadSignatureError:
            return []
