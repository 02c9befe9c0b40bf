"""Say in the OpenAPI document which operations need a login.

FastAPI writes down the scheme of an operation, but cannot tell one that needs a token from one that takes a token if
there is one. Dependencies that are marked with `authenticates` can.
"""

from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from fastapi.routing import APIRoute

from dovetail.api.body_checks import Login, login_of, set_login, then_check
from dovetail.api.credentials import CredentialSchemes
from dovetail.api.fastapi_private import Dependant, RouteContext

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
CallableT = TypeVar("CallableT", bound=Callable[..., object])
Json = dict[str, Any]


def authenticates(*, required: bool) -> Callable[[CallableT], CallableT]:
    """Mark a dependency that finds out who is asking; `required` if it answers 401 to anonymous requests.

    A body that is expensive to check is checked after a required login only.
    """

    def mark(dependency: CallableT) -> CallableT:
        marked, checks_body = then_check(dependency) if required else (dependency, False)
        return set_login(marked, Login(required=required, checks_body=checks_body))

    return mark


def describe_security(document: Json, routes: list[RouteContext], known: CredentialSchemes | None) -> None:
    """Write the security schemes of each operation, and `{}` among them if it answers without a token too.

    `known` are the site's schemes, which replace the placeholder that dependencies name.
    """
    components = document.get("components", {})
    if known is not None and known.placeholder in components.get("securitySchemes", {}):
        _put_in_place(components["securitySchemes"], known)
    schemes = list(components.get("securitySchemes", {}))
    for route in routes:
        found = document["paths"].get(route.path_format, {})
        if not isinstance(route.original_route, APIRoute):
            continue
        marks = set(_marks(route.dependant))
        for method in route.methods or ():
            operation = found.get(method.lower())
            if operation is None or not marks:
                continue
            named = operation.get("security", [{name: []} for name in ([known.placeholder] if known else schemes)])
            operation["security"] = [one for requirement in named for one in _meant(requirement, method, known)]
            if True not in marks and {} not in operation["security"]:
                operation["security"] = [{}, *operation["security"]]
            if not operation["security"]:
                del operation["security"]


def _put_in_place(schemes: Json, known: CredentialSchemes) -> None:
    own = schemes.pop(known.placeholder)
    for name, scheme in known.documented.items():
        schemes[name] = {**own, **scheme} if name == known.placeholder else dict(scheme)


def _meant(requirement: Json, method: str, known: CredentialSchemes | None) -> list[Json]:
    if known is None or set(requirement) != {known.placeholder}:
        return [requirement]
    alternatives = known.safe if method in SAFE_METHODS else known.unsafe
    return [{name: list(scopes) for name, scopes in one.items()} for one in alternatives]


def _marks(dependant: Dependant) -> Iterator[bool]:
    login = login_of(dependant.call)
    if login is not None:
        yield login.required
    for one in dependant.dependencies:
        yield from _marks(one)
