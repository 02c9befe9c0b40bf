"""Know the page on which a new password is chosen where AUTH_RESET_PASSWORD_URL names none: that of the back office.

Mails that a page of the back office sends lead there by the address under which it was reached, if ALLOWED_HOSTS names
that host itself: of "*" and "*.example.org" whoever asks could choose one, and get the token of somebody else there.
What the API sends names no host at all: its clients have pages of their own.
"""

from collections.abc import Collection

from dovetail.state import HasState, StateKey, current_application, current_scope

PAGE = "page"  # in `asked_from` of a mail: the address of the page, with `{token}` in it
RESET_PAGES = StateKey[tuple[str, ...]]("auth_reset_pages")  # of an application: where a back office is mounted


def offer_reset_page(app: HasState, mount: str) -> None:
    """Let mails that pages below this path send lead to `reset/` there."""
    RESET_PAGES.set(app, (*(RESET_PAGES.find(app) or ()), mount))


def reset_page(allowed_hosts: Collection[str]) -> str:
    """Return the address of the page for the request at hand, with `{token}` in it; nothing if there is none."""
    scope, app = current_scope.get() or {}, current_application()
    mounts = () if app is None else RESET_PAGES.find(app) or ()
    root = str(scope.get("app_root_path", scope.get("root_path", "")))  # a mount adds itself to the other
    path, host = str(scope.get("path", "")), _host_of(scope.get("headers"))
    name = host.rpartition(":")[0] if host.rpartition(":")[2].isdecimal() else host
    below = next((one for one in mounts if path.removeprefix(root).startswith(f"{one}/")), None)
    if below is None or name.lower() not in allowed_hosts:
        return ""
    return f"{scope.get('scheme', 'https')}://{host}{root}{below}/reset/?token={{token}}"


def _host_of(headers: object) -> str:
    found = headers if isinstance(headers, list | tuple) else ()
    return next((value.decode("latin-1") for name, value in found if name == b"host"), "")
