"""Know the page on which a new password is chosen where AUTH_RESET_PASSWORD_URL names none: that of the back office.

A mail leads there by the address under which whoever asks for it has reached the site, if ALLOWED_HOSTS names that host
itself: of "*" and "*.example.org" anybody could choose one, and get the token of somebody else there.
"""

from collections.abc import Collection

from dovetail.state import HasState, StateKey, current_application, current_scope

PAGE = "page"  # in `asked_from` of a mail: the address of the page, with `{token}` in it
RESET_PAGE = StateKey[str]("auth_reset_page", "mount the back office")  # of an application: the path of the page


def offer_reset_page(app: HasState, path: str) -> None:
    """Let mails lead to this path below the application, unless they lead to another already."""
    if RESET_PAGE.find(app) is None:
        RESET_PAGE.set(app, path)


def reset_page(allowed_hosts: Collection[str]) -> str:
    """Return the address of the page for the request at hand, with `{token}` in it; nothing if there is none."""
    scope, app = current_scope.get() or {}, current_application()
    path = None if app is None else RESET_PAGE.find(app)
    host = _host_of(scope.get("headers"))
    name = host.rpartition(":")[0] if host.rpartition(":")[2].isdecimal() else host
    if path is None or name.lower() not in allowed_hosts:
        return ""
    return f"{scope.get('scheme', 'https')}://{host}{scope.get('root_path', '')}{path}?token={{token}}"


def _host_of(headers: object) -> str:
    found = headers if isinstance(headers, list | tuple) else ()
    return next((value.decode("latin-1") for name, value in found if name == b"host"), "")
