"""Users, groups, permissions, and one-time tokens."""

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Column, ForeignKey, Index, String, Table, Text, false, func, true
from sqlalchemy.orm import Mapped, mapped_column, relationship

from dovetail.database.column_types import utcnow
from dovetail.database.models import Base, IdMixin, TimestampMixin
from dovetail.errors import DovetailError

# Maximum lengths in characters, for columns, the API and the back office.
MAXIMUM_USERNAME = 150
MAXIMUM_EMAIL = 320
MAXIMUM_LOGIN = MAXIMUM_EMAIL  # a username or an address
MAXIMUM_FULL_NAME = 200
MAXIMUM_BIO = 10_000
MAXIMUM_GROUP = 150
MAXIMUM_PERMISSION = 200
PERMISSIONS = "loaded_permissions"  # key in the __dict__ of a User, which is not a column
UNUSABLE_PASSWORD = "!"  # noqa: S105 - a `hashed_password` that no password matches


def link_table(name: str, own: str, other: str) -> Table:
    """Return a many-to-many table between two tables, given by their keys ("auth_group.id"), indexed both ways."""
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
    """A permission, such as `blog.change_post`.

    `migrate` inserts a row for each permission of a plugin, and deletes those that no plugin has any more. The name is
    the primary key, so that dumps can be loaded into another database.
    """

    __tablename__ = "auth_permission"
    __history__ = False

    name: Mapped[str] = mapped_column(String(MAXIMUM_PERMISSION), primary_key=True)
    plugin: Mapped[str] = mapped_column(String(100), index=True)
    title: Mapped[str] = mapped_column(String(200))

    def __str__(self) -> str:
        return self.name


class Group(IdMixin, Base):
    """A group of users with permissions. Names are unique, ignoring case."""

    __tablename__ = "auth_group"

    name: Mapped[str] = mapped_column(String(MAXIMUM_GROUP))

    permissions: Mapped[list[Permission]] = relationship(
        secondary=groups_permissions, lazy="raise", passive_deletes=True, order_by=lambda: Permission.name
    )

    def __str__(self) -> str:
        return self.name


class User(IdMixin, TimestampMixin, Base):
    """A user account. Usernames are unique, ignoring case, and so are verified addresses.

    `is_staff` gives access to the back office; `has_perm` decides what the user may do there.
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
    # Maintained by factors/held.py; stored here so that no request needs another statement to read it.
    has_second_factor: Mapped[bool] = mapped_column(default=False, server_default=false())

    groups: Mapped[list[Group]] = relationship(
        secondary=users_groups, lazy="raise", passive_deletes=True, order_by=lambda: Group.name
    )
    user_permissions: Mapped[list[Permission]] = relationship(
        secondary=users_permissions, lazy="raise", passive_deletes=True, order_by=lambda: Permission.name
    )

    @property
    def permissions(self) -> frozenset[str]:
        """Return the permissions of the user and of their groups: `{"blog.view_post"}`.

        For a superuser, who has all permissions, the set may be incomplete. Raise DovetailError if they were not
        loaded: they are for the user of a request, and for others after `dovetail.contrib.auth.users.load_permissions`.
        """
        found = self.__dict__.get(PERMISSIONS)
        if found is None:
            raise DovetailError(f"the permissions of {self} were not loaded; await load_permissions(session, user)")
        if not isinstance(found, frozenset):  # built on first use, since few requests need it
            found = self.__dict__[PERMISSIONS] = frozenset(name for text in found if text for name in text.split())
        return found

    def remember_permissions(self, texts: Iterable[str | None]) -> None:
        """Store the permissions that the database returned, as texts of names separated by spaces."""
        self.__dict__[PERMISSIONS] = tuple(texts)

    def has_perm(self, permission: str) -> bool:
        """Return whether the user is active and either has this permission (`blog.change_post`) or is a superuser.

        Raise DovetailError as `permissions` does.
        """
        return self.is_active and (self.is_superuser or permission in self.permissions)

    @property
    def token_scopes(self) -> frozenset[str] | None:
        """Return the scopes of the token of this request; None if it has none."""
        return None

    def has_perms(self, *permissions: str) -> bool:
        """Return whether the user has all of these permissions."""
        return all(map(self.has_perm, permissions))

    def __str__(self) -> str:
        return self.username


Index("uq_auth_user_username_lower", func.lower(User.username), unique=True)
# Addresses are unique only when verified. Several accounts may have entered the same one: refusing an address that is
# taken would reveal who has an account.
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
    """The purpose of a one-time token."""

    RESET_PASSWORD = "reset_password"  # noqa: S105 - a purpose, not a password
    VERIFY_EMAIL = "verify_email"
    CHANGE_EMAIL = "change_email"


class OneTimeToken(IdMixin, Base):
    """A token that was sent to an address and works once: using it deletes the row.

    `email` is the address that it was sent to, so that it does not verify an address that was entered later. For a
    change of address it is the new one, which is stored only here until it is verified.
    """

    __tablename__ = "auth_one_time_token"
    __history__ = False

    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    purpose: Mapped[TokenPurpose]
    user_id: Mapped[int] = mapped_column(ForeignKey("auth_user.id", ondelete="CASCADE"), index=True)
    email: Mapped[str] = mapped_column(String(MAXIMUM_EMAIL), index=True)
    created_at: Mapped[datetime] = mapped_column(server_default=utcnow())
    expires_at: Mapped[datetime] = mapped_column(index=True)
