"""Users, the groups they are in, what they are permitted, and the tokens with which they prove who they are."""

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Column, ForeignKey, Index, String, Table, Text, false, func, true
from sqlalchemy.orm import Mapped, mapped_column, relationship

from dovetail.database.column_types import utcnow
from dovetail.database.models import Base, IdMixin, TimestampMixin
from dovetail.errors import DovetailError

# How long the texts of users may be, in characters, in columns, in the API and in the back office.
MAXIMUM_USERNAME = 150
MAXIMUM_EMAIL = 320
MAXIMUM_LOGIN = MAXIMUM_EMAIL  # a username or an address
MAXIMUM_FULL_NAME = 200
MAXIMUM_BIO = 10_000
MAXIMUM_GROUP = 150
MAXIMUM_PERMISSION = 200
PERMISSIONS = "loaded_permissions"  # in the __dict__ of a User, where no column is
UNUSABLE_PASSWORD = "!"  # noqa: S105 - as a `hashed_password` it matches no password


def link_table(name: str, own: str, other: str) -> Table:
    """Return the table `name` with links between rows of two tables, `"auth_group.id"`, found from either side."""
    columns = [target.removeprefix("auth_").replace(".", "_") for target in (own, other)]
    return Table(
        name,
        Base.metadata,
        Column(columns[0], ForeignKey(own, ondelete="CASCADE"), primary_key=True),
        Column(columns[1], ForeignKey(other, ondelete="CASCADE"), primary_key=True),
        Index(f"ix_{name}_{columns[1]}_{columns[0]}", *columns[::-1]),
    )


users_groups = link_table("auth_user_group", "auth_user.id", "auth_group.id")
users_permissions = link_table("auth_user_permission", "auth_user.id", "auth_permission.name")
groups_permissions = link_table("auth_group_permission", "auth_group.id", "auth_permission.name")


class Permission(Base):
    """A kind of thing that somebody may be allowed to do, such as `blog.change_post`.

    `migrate` makes a row for each that a plugin has, and removes those that no plugin has any more. The name is the
    key, so that a dump of one database fits another.
    """

    __tablename__ = "auth_permission"
    __history__ = False

    name: Mapped[str] = mapped_column(String(MAXIMUM_PERMISSION), primary_key=True)
    plugin: Mapped[str] = mapped_column(String(100), index=True)
    title: Mapped[str] = mapped_column(String(200))

    def __str__(self) -> str:
        return self.name


class Group(IdMixin, Base):
    """Users who are permitted the same. Names are unique whatever their case."""

    __tablename__ = "auth_group"

    name: Mapped[str] = mapped_column(String(MAXIMUM_GROUP))

    permissions: Mapped[list[Permission]] = relationship(
        secondary=groups_permissions, lazy="raise", passive_deletes=True, order_by=lambda: Permission.name
    )

    def __str__(self) -> str:
        return self.name


class User(IdMixin, TimestampMixin, Base):
    """Somebody with an account. Names are unique whatever their case, and so are addresses that were proved.

    `is_staff` lets somebody into the back office and to what is for staff; what they may do there, `has_perm` says.
    """

    __tablename__ = "auth_user"

    username: Mapped[str] = mapped_column(String(MAXIMUM_USERNAME))
    email: Mapped[str] = mapped_column(String(MAXIMUM_EMAIL))
    hashed_password: Mapped[str] = mapped_column(String(1024))
    full_name: Mapped[str] = mapped_column(String(MAXIMUM_FULL_NAME), default="", server_default="")
    bio: Mapped[str] = mapped_column(Text, default="", server_default="")
    is_active: Mapped[bool] = mapped_column(default=True, server_default=true())
    is_verified: Mapped[bool] = mapped_column(default=False, server_default=false())
    is_staff: Mapped[bool] = mapped_column(default=False, server_default=false())
    is_superuser: Mapped[bool] = mapped_column(default=False, server_default=false())
    # What factors/held.py finds in the tables of factors, here so that no request needs a statement more to know it.
    has_second_factor: Mapped[bool] = mapped_column(default=False, server_default=false())

    groups: Mapped[list[Group]] = relationship(
        secondary=users_groups, lazy="raise", passive_deletes=True, order_by=lambda: Group.name
    )
    user_permissions: Mapped[list[Permission]] = relationship(
        secondary=users_permissions, lazy="raise", passive_deletes=True, order_by=lambda: Permission.name
    )

    @property
    def permissions(self) -> frozenset[str]:
        """Return what the user is permitted, by themselves and by their groups: `{"blog.view_post"}`.

        That of a superuser, who may do everything, need not be complete. Raise DovetailError if it was not loaded;
        whoever sends a request is loaded with it, and anybody by `dovetail.contrib.auth.users.load_permissions`.
        """
        found = self.__dict__.get(PERMISSIONS)
        if found is None:
            raise DovetailError(f"the permissions of {self} were not loaded; await load_permissions(session, user)")
        if not isinstance(found, frozenset):  # few requests ask
            found = self.__dict__[PERMISSIONS] = frozenset(name for text in found if text for name in text.split())
        return found

    def remember_permissions(self, texts: Iterable[str | None]) -> None:
        """Let `permissions` return the names in `texts`, which the database gave, each apart by a space."""
        self.__dict__[PERMISSIONS] = tuple(texts)

    def has_perm(self, permission: str) -> bool:
        """Return True if the user is active and has this permission (`blog.change_post`) or is a superuser.

        Raise DovetailError as `permissions` does.
        """
        return self.is_active and (self.is_superuser or permission in self.permissions)

    @property
    def token_scopes(self) -> frozenset[str] | None:
        """Return the permissions that the token of this request is limited to; None without such a limit."""
        return None

    def has_perms(self, *permissions: str) -> bool:
        """Return True if the user has all of these."""
        return all(map(self.has_perm, permissions))

    def __str__(self) -> str:
        return self.username


Index("uq_auth_user_username_lower", func.lower(User.username), unique=True)
# An address is somebody's once they have proved it. Until then several may have entered it: to refuse one that is taken
# would tell who has an account.
Index(
    "uq_auth_user_email_proved",
    func.lower(User.email),
    unique=True,
    postgresql_where=User.is_verified,
    sqlite_where=User.is_verified,
)
Index("ix_auth_user_email_lower", func.lower(User.email))
Index("uq_auth_group_name_lower", func.lower(Group.name), unique=True)


class TokenPurpose(StrEnum):
    """The use that a one-time token is for."""

    RESET_PASSWORD = "reset_password"  # noqa: S105 - a purpose, not a password
    VERIFY_EMAIL = "verify_email"
    CHANGE_EMAIL = "change_email"


class OneTimeToken(IdMixin, Base):
    """A token that was sent to an address and works once: it is used up by deleting its row.

    `email` is the address it was sent to, so that it proves nothing about an address entered later. The token of a
    change of address was sent to the new one, which is nowhere else before it is proven.
    """

    __tablename__ = "auth_one_time_token"
    __history__ = False

    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    purpose: Mapped[TokenPurpose]
    user_id: Mapped[int] = mapped_column(ForeignKey("auth_user.id", ondelete="CASCADE"), index=True)
    email: Mapped[str] = mapped_column(String(MAXIMUM_EMAIL), index=True)
    created_at: Mapped[datetime] = mapped_column(server_default=utcnow())
    expires_at: Mapped[datetime] = mapped_column(index=True)
