"""Users in the back office."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, cast

from sqladmin.filters import BooleanFilter
from sqladmin.flash import Flash
from starlette.requests import Request
from wtforms import Field, Form
from wtforms.validators import InputRequired, Optional

from dovetail.contrib.admin.forms.fields import PasswordField
from dovetail.contrib.admin.request_context import request_context
from dovetail.contrib.admin.sqladmin_private import app_of
from dovetail.contrib.admin.views import ModelAdmin, user_of
from dovetail.contrib.auth import users
from dovetail.contrib.auth.accounts.password_validation import check_password
from dovetail.contrib.auth.accounts.passwords import MAXIMUM_LENGTH, HashedPassword, hash_password, is_text
from dovetail.contrib.auth.api.dependencies import make_mailer, make_manager
from dovetail.contrib.auth.credential_changes import (
    Proof,
    change_as_staff,
    change_own_account,
    changes_credentials,
    prove,
)
from dovetail.contrib.auth.models import User
from dovetail.contrib.auth.settings import AuthSettings
from dovetail.errors import ConflictError
from dovetail.plugin import PLUGIN_SETTINGS, StateKey

if TYPE_CHECKING:
    from dovetail.contrib.auth.manager import UserManager

CURRENT = "current_password"
NEW_PASSWORD = {"autocomplete": "new-password", "class": "form-control"}
CURRENT_PASSWORD = {"autocomplete": "current-password", "class": "form-control"}
KEEP = "Leave it empty to keep the password. A new one logs the user out everywhere."
PROVE = "Needed to change your own username, e-mail address or password."


@dataclass(frozen=True, kw_only=True)
class Passwords:
    """The hashes of the passwords in a form: hashing takes long, so it is done before anything is locked."""

    new: HashedPassword | None
    proof: Proof


PASSWORDS = StateKey[Passwords]("passwords", "`prepare` comes first")


class UserAdmin(ModelAdmin, model=User):
    """The view of accounts; the functions that make and change them are those of the API, so the same rules hold."""

    icon = "fa-solid fa-users"
    category = "People"
    column_list = ("username", "email", "full_name", "is_active", "is_superuser", "created_at")
    column_details_list = (
        *("username", "email", "full_name", "bio", "is_active", "is_verified", "is_superuser"),
        *("created_at", "updated_at"),
    )
    column_labels: ClassVar[dict[Any, str]] = {
        "email": "E-mail address",
        "is_active": "Active",
        "is_verified": "Verified",
        "is_superuser": "Superuser",
        "created_at": "Joined",
        "updated_at": "Changed",
    }
    column_searchable_list = ("username", "email", "full_name")
    column_sortable_list = column_list
    unindexed = (  # staff look for users by hand, and seldom
        *("username", "email", "full_name", "is_active", "is_superuser", "is_verified", "created_at", "search"),
    )
    column_default_sort = ("created_at", True)
    column_filters = (
        BooleanFilter(User.is_active, title="Active"),
        BooleanFilter(User.is_superuser, title="Superuser"),
        BooleanFilter(User.is_verified, title="Verified"),
    )
    form_columns = (*("username", "email", "full_name", "bio", "is_active", "is_verified", "is_superuser"),)
    form_args: ClassVar[dict[str, dict[str, object]]] = {
        "email": {"description": "A new one counts once its owner follows the link that is sent there."},
        "is_active": {"description": "Somebody who is not active cannot log in. Better than deleting them."},
        "is_superuser": {"description": "May do everything, here too."},
    }

    form_widget_args: ClassVar[dict[str, dict[str, object]]] = {
        "username": {"autocomplete": "username"},  # beside a new password: what a password manager keeps it under
        "email": {"autocomplete": "email"},
        "full_name": {"autocomplete": "name"},
    }

    async def get_form(self, *, creating: bool) -> type[Form]:
        """Return the form with a password, which is needed for a new user and may be left empty for others."""
        base: Any = await super().get_form(creating=creating)
        fields = {"password": _password_field("Password", NEW_PASSWORD, KEEP, required=creating)}
        if _is_own(request_context().request):
            fields[CURRENT] = _password_field("Your current password", CURRENT_PASSWORD, PROVE)
        return type(base.__name__, (base,), fields)

    async def prepare(self, request: Request) -> None:
        """Hash the new password, and verify the current one of somebody who changes themselves."""
        form = await request.form()
        current = form.get(CURRENT)
        is_typed = _is_own(request) and isinstance(current, str) and current
        passwords = Passwords(
            new=await _hashed(form.get("password")),
            proof=await prove(user_of(request), str(current)) if is_typed else Proof(),
        )
        PASSWORDS.set(request, passwords)

    async def create_object(self, request: Request, data: dict[str, Any]) -> User:
        """Make a user; the password is hashed."""
        check_password(data["password"], username=data["username"], email=data["email"])
        values = _without_passwords(data)
        user = await users.create_user(self.session, **values, password=PASSWORDS.get(request).new)
        await self.audit(request, "create", user, dict(values))
        return user

    async def change_object(self, request: Request, obj: User, data: dict[str, Any]) -> None:
        """Change a user; a new password ends all their sessions and tokens, a new address has to be confirmed.

        Changing what one logs in with oneself takes one's current password.
        """
        is_own = obj.id == user_of(request).id
        if is_own and not (data.get("is_active", True) and data.get("is_superuser", True)):
            raise ConflictError("You cannot take your own access away. Ask somebody else who has it.")
        values, password = _without_passwords(data), None
        if data.get("password"):
            username, email = values.get("username", obj.username), values.get("email", obj.email)
            check_password(data["password"], username=username, email=email)
            password = PASSWORDS.get(request).new
        if is_own and (password is not None or changes_credentials(obj, values)):
            PASSWORDS.get(request).proof.check(obj)
        manager = make_manager(self.session, self._settings)
        if is_own:
            await change_own_account(manager, obj, values, password=password)
        else:  # who ticks the box together with a new address vouches for it
            vouch = bool(values.get("is_verified")) and not obj.is_verified
            await change_as_staff(manager, obj, values, password=password, vouch=vouch)
        await self.audit(request, "update", obj, dict(values))
        self._send_after_commit(request, manager)

    @property
    def _settings(self) -> AuthSettings:
        settings = PLUGIN_SETTINGS.get(app_of(self))["auth"]
        assert isinstance(settings, AuthSettings)  # noqa: S101 - the plugin names this class
        return settings

    def _send_after_commit(self, request: Request, manager: "UserManager") -> None:
        mailer = make_mailer(app_of(self), request_context().after_commit)
        mailer.send_later(manager.messages)
        for message in manager.messages:
            Flash.info(request, f"A message was sent to {message.to}: {message.subject}.")

    async def delete_object(self, request: Request, obj: User) -> None:
        """Delete a user and what is theirs, but not whoever is asking."""
        if obj.id == user_of(request).id:
            raise ConflictError("You cannot delete yourself.")
        await super().delete_object(request, obj)


def _password_field(label: str, attributes: dict[str, str], description: str, *, required: bool = False) -> Field:
    return PasswordField(
        label,
        validators=[InputRequired() if required else Optional()],
        description="" if required else description,
        render_kw=attributes,
    )


async def _hashed(password: object) -> HashedPassword | None:
    # Whether it is good enough is said later, beside what else is wrong with the form.
    if not isinstance(password, str) or not 0 < len(password) <= MAXIMUM_LENGTH or not is_text(password):
        return None
    return HashedPassword(await hash_password(password))


def _is_own(request: Request) -> bool:
    return request.path_params.get("pk") == str(user_of(request).id)


def _without_passwords(data: Mapping[str, object]) -> users.UserChanges:
    return cast("users.UserChanges", {name: data[name] for name in data if name not in {"password", CURRENT}})
