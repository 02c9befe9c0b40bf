"""Messages for the next page (`sqladmin.flash.Flash`), in a signed cookie that lasts until they were shown."""

import base64
import hmac
import json
from hashlib import sha256
from typing import Any

from pydantic import SecretStr
from starlette.requests import Request
from starlette.responses import Response

from dovetail.contrib.admin.entry.cookies import Cookies

MAXIMUM_LENGTH = 300  # characters of one message: a cookie holds 4096 bytes
MAXIMUM_COUNT = 2


class Messages:
    """Carries messages from the page that made them to the page that shows them."""

    def __init__(self, cookies: Cookies, secret_key: SecretStr) -> None:
        self._cookies = cookies
        self._key = f"dovetail.admin.messages:{secret_key.get_secret_value()}".encode()

    def load(self, request: Request) -> None:
        """Put the messages where `Flash` and the templates look for them: `request.session`."""
        messages = self._decode(request.cookies.get(self._cookies.messages, ""))
        request.scope["session"] = {"_messages": messages} if messages else {}

    def save(self, request: Request, response: Response) -> None:
        """Send on the messages that no page has shown."""
        messages = request.scope.get("session", {}).get("_messages")
        if messages:
            self._cookies.set(response, self._cookies.messages, self._encode(messages))
        elif self._cookies.messages in request.cookies:
            self._cookies.delete(response, self._cookies.messages)

    def _encode(self, messages: list[dict[str, str]]) -> str:
        short = [{key: value[:MAXIMUM_LENGTH] for key, value in one.items()} for one in messages[-MAXIMUM_COUNT:]]
        text = base64.urlsafe_b64encode(json.dumps(short, ensure_ascii=False).encode(errors="replace")).decode()
        return f"{text}.{self._sign(text)}"

    def _decode(self, cookie: str) -> Any:
        text, _, signature = cookie.partition(".")
        if not hmac.compare_digest(signature.encode(errors="replace"), self._sign(text).encode()):
            return []
        return json.loads(base64.urlsafe_b64decode(text)) if text else []

    def _sign(self, text: str) -> str:
        return hmac.new(self._key, text.encode(errors="replace"), sha256).hexdigest()
