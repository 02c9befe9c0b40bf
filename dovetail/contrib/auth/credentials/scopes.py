"""Restrict tokens with scopes to what the scopes allow.

Many operations need no permission, such as writing one's own posts, so checking permissions is not enough: endpoints
refuse tokens with scopes, unless they declare a permission as their scope. Resources do so for all operations: reading
posts takes the scope `blog.view_post` or `blog.change_post`, creating one `blog.add_post`, and so on.
`permission_required` declares one, and other endpoints do it with a decorator:

    @router.post("/orders/{order_id}/refund")
    @takes_scopes("shop.refund_order")
    async def refund(order_id: PathId, user: CurrentUser, ...) -> None: ...
"""

from collections.abc import Callable
from typing import TypeVar

from starlette.requests import HTTPConnection

from dovetail.contrib.auth.models import User
from dovetail.errors import ConfigurationError, PermissionDeniedError
from dovetail.resources.policies.closed import registered_model

CallableT = TypeVar("CallableT", bound=Callable[..., object])

# The action that a request to a resource performs, by its method.
ACTIONS = {"GET": "view", "HEAD": "view", "POST": "add", "PUT": "change", "PATCH": "change", "DELETE": "delete"}
_SCOPES = "dovetail_scopes"  # attribute of endpoints
_ANY = ("*",)  # not the name of a permission


class InsufficientScopeError(PermissionDeniedError):
    """The token's scopes do not allow the operation."""

    slug = "insufficient-scope"

    def __init__(self, permission: str | None = None) -> None:
        takes = "one without scopes, or a login" if permission is None else f"one with the scope {permission}"
        super().__init__(f"The token is limited to its scopes; this takes {takes}.")
        scope = "" if permission is None else f', scope="{permission}"'
        self.headers["WWW-Authenticate"] = f'Bearer error="insufficient_scope"{scope}'  # RFC 6750, section 3.1


def takes_scopes(*permissions: str) -> Callable[[CallableT], CallableT]:
    """Return a decorator for endpoints that accept tokens with any of these scopes; use it below the router's one.

    Raise ConfigurationError if no permission is given.
    """
    if not permissions:
        raise ConfigurationError('takes_scopes() names no permission, expected some: takes_scopes("shop.refund_order")')

    def mark(endpoint: CallableT) -> CallableT:
        setattr(endpoint, _SCOPES, permissions)
        return endpoint

    return mark


def takes_any_scopes(endpoint: CallableT) -> CallableT:
    """Mark an endpoint that accepts every token, since it returns the current user or revokes the token itself."""
    setattr(endpoint, _SCOPES, _ANY)
    return endpoint


def check_scopes(connection: HTTPConnection, user: User) -> User:
    """Return the user. Raise InsufficientScopeError if their token's scopes do not allow this endpoint."""
    if user.token_scopes is None:
        return user
    taken = _taken(connection)
    if taken is not _ANY and user.token_scopes.isdisjoint(taken):
        raise InsufficientScopeError(*taken[:1])
    return user


def _taken(connection: HTTPConnection) -> tuple[str, ...]:
    """Return the scopes of which any one allows the endpoint of a request."""
    endpoint = connection.scope.get("endpoint")
    marked: tuple[str, ...] | None = getattr(endpoint, _SCOPES, None)
    model: type[object] | None = getattr(getattr(endpoint, "resource", None), "model", None)
    if marked is not None or model is None:
        return marked or ()
    registered, action = registered_model(model), ACTIONS.get(connection.scope["method"])
    return () if registered is None or action is None else registered.label.permissions(action)
