"""Let a token with scopes open nothing but what they name.

What asks for no permission would be open to every token, as writing one's own posts is: so endpoints are closed to
tokens with scopes, but for those that name a permission. To read posts takes the scope `blog.view_post` or
`blog.change_post`, to make one `blog.add_post`, and so on for all resources; `permission_required` names one; any other
endpoint says which it takes:

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

# By the method with which a resource is asked.
ACTIONS = {"GET": "view", "HEAD": "view", "POST": "add", "PUT": "change", "PATCH": "change", "DELETE": "delete"}
_SCOPES = "dovetail_scopes"  # the attribute of an endpoint
_ANY = ("*",)  # no permission


class InsufficientScopeError(PermissionDeniedError):
    """The token is limited to other things."""

    slug = "insufficient-scope"

    def __init__(self, permission: str | None = None) -> None:
        takes = "one without scopes, or a login" if permission is None else f"one with the scope {permission}"
        super().__init__(f"The token is limited to its scopes; this takes {takes}.")
        scope = "" if permission is None else f', scope="{permission}"'
        self.headers["WWW-Authenticate"] = f'Bearer error="insufficient_scope"{scope}'  # RFC 6750, section 3.1


def takes_scopes(*permissions: str) -> Callable[[CallableT], CallableT]:
    """Mark an endpoint that a token with one of these scopes may ask: below the router's decorator.

    Raise ConfigurationError without any.
    """
    if not permissions:
        raise ConfigurationError('takes_scopes() names no permission, expected some: takes_scopes("shop.refund_order")')

    def mark(endpoint: CallableT) -> CallableT:
        setattr(endpoint, _SCOPES, permissions)
        return endpoint

    return mark


def takes_any_scopes(endpoint: CallableT) -> CallableT:
    """Mark an endpoint that every token may ask, for it tells who one is, or ends the token itself."""
    setattr(endpoint, _SCOPES, _ANY)
    return endpoint


def check_scopes(connection: HTTPConnection, user: User) -> User:
    """Return the user. Raise InsufficientScopeError if they came by a token whose scopes do not open this endpoint."""
    if user.token_scopes is None:
        return user
    taken = _taken(connection)
    if taken is not _ANY and user.token_scopes.isdisjoint(taken):
        raise InsufficientScopeError(*taken[:1])
    return user


def _taken(connection: HTTPConnection) -> tuple[str, ...]:
    """Return the scopes, each of which opens the endpoint of a request."""
    endpoint = connection.scope.get("endpoint")
    marked: tuple[str, ...] | None = getattr(endpoint, _SCOPES, None)
    model: type[object] | None = getattr(getattr(endpoint, "resource", None), "model", None)
    if marked is not None or model is None:
        return marked or ()
    registered, action = registered_model(model), ACTIONS.get(connection.scope["method"])
    return () if registered is None or action is None else registered.label.permissions(action)
