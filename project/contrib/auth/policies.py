"""The policy of resources whose viewers are users."""

from typing import ClassVar

from starlette.requests import HTTPConnection

from project.api.resources.policy import Policy
from project.contrib.auth.dependencies import CurrentUser, OptionalUser


class UserPolicy(Policy):
    """Anybody may ask, users may write; what they may see and change is for subclasses to say: here, nothing.

    The viewer is a User, or None for somebody who sends no token.
    """

    reader: ClassVar[object] = OptionalUser
    writer: ClassVar[object] = CurrentUser

    def is_anonymous(self, connection: HTTPConnection) -> bool:
        """Whether no token can have come with the request."""
        return all(name != b"authorization" for name, _ in connection.scope["headers"])
