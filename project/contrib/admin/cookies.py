"""The cookies of the back office: readable by no script, sent to no other site, over HTTPS only in production."""

from dataclasses import dataclass

from starlette.responses import Response


@dataclass(frozen=True)
class Cookies:
    """Sets and removes cookies for the back office at `base_url`.

    Secure cookies carry the prefix `__Host-`, which keeps other hosts of the same domain from planting one; browsers
    then insist on the path `/` (RFC 6265bis, section 4.1.3.2).
    """

    base_url: str
    secure: bool

    @property
    def session(self) -> str:
        """The name of the cookie that holds the key of a session."""
        return self._name("session")

    @property
    def visitor(self) -> str:
        """The name of the cookie that ties a login form to the browser it was sent to."""
        return self._name("visitor")

    @property
    def messages(self) -> str:
        """The name of the cookie that carries messages to the next page."""
        return self._name("messages")

    def set(self, response: Response, name: str, value: str, *, max_age: int | None = None) -> None:
        """Set a cookie for `max_age` seconds, or until the browser closes."""
        response.set_cookie(
            name, value, max_age=max_age, path=self._path, secure=self.secure, httponly=True, samesite="lax"
        )

    def delete(self, response: Response, name: str) -> None:
        """Remove a cookie."""
        response.delete_cookie(name, path=self._path, secure=self.secure, httponly=True, samesite="lax")

    @property
    def _path(self) -> str:
        return "/" if self.secure else self.base_url

    def _name(self, what: str) -> str:
        return f"{'__Host-' if self.secure else ''}dovetail-admin-{what}"
