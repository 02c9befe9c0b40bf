"""The cookies of the back office: HttpOnly, SameSite, and Secure if the site is served over HTTPS."""

from dataclasses import dataclass, field

from pydantic import SecretStr
from starlette.responses import Response

from dovetail.signing import Signer
from dovetail.state import StateKey, current_scope

PATH = "/"  # /docs may be for those who are logged in to the back office


@dataclass(frozen=True)
class Cookies:
    """Sets and removes cookies for the back office.

    Browsers share cookies between all ports of a host (RFC 6265, section 8.5). So the names end in a suffix derived
    from the site's `secret_key`, which keeps the cookies of two sites on one host apart.
    Secure cookies carry the prefix `__Host-`, which keeps other hosts of the same domain from planting one; browsers
    then insist on the path `/` (RFC 6265bis, section 4.1.3.2). `secure` says whether they are; None: if the request
    that is being answered came by HTTPS, so that a site in development can be tried either way.
    """

    secret_key: SecretStr
    secure: bool | None
    _site: str = field(init=False)

    def __post_init__(self) -> None:
        found = Signer(self.secret_key, "dovetail.admin.cookies").signature(b"")
        object.__setattr__(self, "_site", found.hex()[:8])

    @property
    def session(self) -> str:
        """Return the name of the cookie that holds the key of a session."""
        return self._name("session")

    @property
    def own_session(self) -> str:
        """Return the name of the cookie that keeps one's own session while one acts as somebody else."""
        return self._name("own-session")

    @property
    def visitor(self) -> str:
        """Return the name of the cookie that ties a login form to the browser it was sent to."""
        return self._name("visitor")

    @property
    def challenge(self) -> str:
        """Return the name of the cookie that holds the challenge of a login which waits for a second factor."""
        return self._name("challenge")

    @property
    def reset(self) -> str:
        """Return the name of the cookie that holds the token of a link to choose a new password."""
        return self._name("reset")

    @property
    def messages(self) -> str:
        """Return the name of the cookie that carries messages to the next page."""
        return self._name("messages")

    @property
    def theme(self) -> str:
        """Return the name of the cookie that says how pages look."""
        return self._name("theme")

    @property
    def shortcuts(self) -> str:
        """Return the name of the cookie that says whether single keys do something."""
        return self._name("shortcuts")

    @property
    def language(self) -> str:
        """Return the name of the cookie that holds the language of pages."""
        return self._name("language")

    @property
    def zone(self) -> str:
        """Return the name of the cookie that holds the time zone of pages."""
        return self._name("zone")

    def set(self, response: Response, name: str, value: str, *, max_age: int | None = None) -> None:
        """Set a cookie for `max_age` seconds, or until the browser closes."""
        secure = self._is_secure()
        response.set_cookie(name, value, max_age=max_age, path=PATH, secure=secure, httponly=True, samesite="lax")

    def delete(self, response: Response, name: str) -> None:
        """Remove a cookie."""
        response.delete_cookie(name, path=PATH, secure=self._is_secure(), httponly=True, samesite="lax")

    def _is_secure(self) -> bool:
        if self.secure is not None:
            return self.secure
        scope = current_scope.get()  # of the whole site, behind whatever proxy is trusted
        return scope is not None and scope.get("scheme") == "https"

    def _name(self, what: str) -> str:
        return f"{'__Host-' if self._is_secure() else ''}dovetail-admin-{what}-{self._site}"


COOKIES = StateKey[Cookies]("dovetail_admin_cookies", "add dovetail.contrib.admin to the plugins")  # of an application
