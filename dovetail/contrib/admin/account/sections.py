"""Sections of the account page, `/account/`: values that plugins list at the extension point `admin.account`.

    extensions={"admin.account": lazy("dovetail.contrib.admin.account.keys:KEYS")}

    KEYS = AccountSection(
        name="keys",
        title="Keys",
        template="sqladmin/account/keys.html",
        load=load_keys,
        routes=[AccountRoute("remove", remove_key)],
    )

All staff users have the page. The template is rendered inside a card: it gets the result of `load` as `values`, and
submits its forms to `path_for(request, "admin:account-keys-remove")`. An error of `dovetail.errors` raised by a route
rolls its work back, and is shown in the section: `error` is the message, `errors` has those of fields.
"""

from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from jinja2 import Environment
from starlette.requests import Request
from starlette.responses import Response

from dovetail.contrib.admin.site_context import SiteContext
from dovetail.contrib.admin.templating.problems import template_problem
from dovetail.errors import ConfigurationError

EXTENSION_POINT = "admin.account"


Prepare: TypeAlias = Callable[[SiteContext, Request], Awaitable[None]]


async def _load_nothing(_site: SiteContext, _request: Request) -> Mapping[str, object]:
    return {}


@dataclass(frozen=True)
class AccountRoute:
    """A form of a section, which is submitted to `/account/<section>/<name>`.

    `respond` runs in the transaction of the request and returns a message for the user, None, or a Response. Slow
    work, such as hashing a password, is done in `prepare`, before that transaction.

    The fields named in `keeps` are shown again if the form is refused, or submitted after its session had ended: the
    template gets them by `typed(name)`, a FormData, which is empty otherwise. Never name passwords, secrets or codes.
    """

    name: str
    respond: Callable[[SiteContext, Request], Awaitable[str | Response | None]]
    prepare: Prepare | None = None
    keeps: Sequence[str] = ()


@dataclass(frozen=True, kw_only=True)
class AccountSection:
    """A section of the account page."""

    name: str  # in URLs
    title: str
    template: str
    load: Callable[[SiteContext, Request], Awaitable[Mapping[str, object] | None]] = _load_nothing  # None: not shown
    routes: Sequence[AccountRoute] = ()
    is_for_enrolling: bool = False  # also shown to users who have to enrol a second factor first


def check_sections(found: Iterable[object], environment: Environment) -> list[AccountSection]:
    """Return the sections of plugins. Raise ConfigurationError for invalid ones."""
    given = list(found)
    if problems := list(_find_problems(given, environment)):
        raise ConfigurationError("\n".join(problems))
    return [one for one in given if isinstance(one, AccountSection)]


def _find_problems(found: Sequence[object], environment: Environment) -> Iterator[str]:
    names: set[str] = set()
    for one in found:
        if not isinstance(one, AccountSection):
            yield f"the extension point {EXTENSION_POINT!r} holds {one!r:.80}, expected an AccountSection"
            continue
        if one.name in names:
            yield f"two sections of the account page are called {one.name!r}; give one of them another name"
        names.add(one.name)
        if problem := template_problem(one.template, environment):
            yield f"the section {one.name!r} of the account page names {one.template!r}, which {problem}"
