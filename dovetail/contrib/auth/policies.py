"""The policies of resources whose viewers are users."""

from typing import Any, ClassVar

from sqlalchemy.ext.asyncio import AsyncSession
from starlette.requests import HTTPConnection
from typing_extensions import TypeVar, override

from dovetail.contrib.auth.dependencies import CurrentUser, OptionalUser, StaffUser, authenticate_request
from dovetail.contrib.auth.models import User
from dovetail.resources.policy import Open, Policy, Recognized

Model_contra = TypeVar("Model_contra", contravariant=True, default=Any)
Create_contra = TypeVar("Create_contra", contravariant=True, default=Any)


class UserPolicy(Policy[Model_contra, User, Create_contra]):
    """Lets anybody ask and users write; subclasses say what they may see and change: here, nothing.

    The viewer of a write is a User; that of a read is a User, or None for somebody who sends no token.
    """

    reader: ClassVar[object] = OptionalUser
    writer: ClassVar[object] = CurrentUser

    @override
    def is_anonymous(self, connection: HTTPConnection) -> bool:
        """Return True if no token came with the request; a `reader` that requires one says so itself."""
        return self.reader is OptionalUser and all(name != b"authorization" for name, _ in connection.scope["headers"])

    @override
    async def recognize_writer(self, connection: HTTPConnection, session: AsyncSession) -> Recognized[User] | None:
        """Return the user whose token came with the request; the dependency says what is wrong with a token."""
        if self.writer is not CurrentUser:
            return None
        user = await authenticate_request(connection, session)
        return None if user is None else Recognized(user)


class StaffWrite(Open[Model_contra, User, Create_contra]):
    """Lets everybody read everything and staff write it. Reads do not ask who is asking, which makes them fast."""

    remembers_anonymous: ClassVar[bool] = True
    writer: ClassVar[object] = StaffUser


class StaffOnly(Open[Model_contra, User, Create_contra]):
    """Lets staff read and write everything, and nobody else anything."""

    reader: ClassVar[object] = StaffUser
    writer: ClassVar[object] = StaffUser
