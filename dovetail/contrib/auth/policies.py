"""The policies of resources whose viewers are users."""

from typing import ClassVar

from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import HTTPConnection

from dovetail.contrib.auth.dependencies import CurrentUser, OptionalUser, StaffUser, authenticate_request
from dovetail.resources.policy import Open, Policy, Recognized


class UserPolicy(Policy):
    """Anybody may ask, users may write; what they may see and change is for subclasses to say: here, nothing.

    The viewer is a User, or None for somebody who sends no token.
    """

    reader: ClassVar[object] = OptionalUser
    writer: ClassVar[object] = CurrentUser

    def is_anonymous(self, connection: HTTPConnection) -> bool:
        """Whether no token can have come with the request; a `reader` that requires one says so itself."""
        return self.reader is OptionalUser and all(name != b"authorization" for name, _ in connection.scope["headers"])

    async def recognize_writer(self, connection: HTTPConnection, session: AsyncSession) -> Recognized | None:
        """Whoever's token came with the request; the dependency says what is wrong with a token."""
        if self.writer is not CurrentUser:
            return None
        user = await authenticate_request(connection, session)
        return None if user is None else Recognized(user)


class StaffWrite(Open):
    """Everybody reads everything; staff write it. Who reads is not looked at, so that reads are as fast as can be."""

    remembers_anonymous: ClassVar[bool] = True
    writer: ClassVar[object] = StaffUser


class StaffOnly(Open):
    """For staff: nobody else learns or changes anything."""

    reader: ClassVar[object] = StaffUser
    writer: ClassVar[object] = StaffUser
