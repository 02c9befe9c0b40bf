"""Users in the back office."""

from collections.abc import Mapping
from typing import Any, ClassVar

from sqladmin.filters import BooleanFilter
from starlette.requests import Request
from wtforms import Form
from wtforms.validators import InputRequired, Optional

from project.contrib.admin import changes
from project.contrib.admin.forms import PasswordField
from project.contrib.admin.views import ModelAdmin
from project.contrib.admin.visit import current_visit
from project.contrib.auth import users
from project.contrib.auth.models import User
from project.errors import ConflictError

NEW_PASSWORD = {"autocomplete": "new-password", "class": "form-control"}


class UserAdmin(ModelAdmin, model=User):
    """Accounts: made and changed through the same functions as by the API, so that the same rules hold."""

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
    column_default_sort = ("created_at", True)
    column_filters = (
        BooleanFilter(User.is_active, title="Active"),
        BooleanFilter(User.is_superuser, title="Superuser"),
        BooleanFilter(User.is_verified, title="Verified"),
    )
    form_columns = (*("username", "email", "full_name", "bio", "is_active", "is_verified", "is_superuser"),)
    form_args: ClassVar[dict[str, dict[str, Any]]] = {
        "is_active": {"description": "Somebody who is not active cannot log in. Better than deleting them."},
        "is_superuser": {"description": "May do everything, here too."},
    }

    form_widget_args: ClassVar[dict[str, dict[str, Any]]] = {
        "username": {"autocomplete": "username"},  # beside a new password: what a password manager keeps it under
        "email": {"autocomplete": "email"},
        "full_name": {"autocomplete": "name"},
    }

    async def get_form(self, *, creating: bool) -> type[Form]:
        """The form with a password, which is needed for a new user and may be left empty for others."""
        base: Any = await super().get_form(creating=creating)
        field = PasswordField(
            "Password",
            validators=[InputRequired() if creating else Optional()],
            description=""
            if creating
            else "Leave it empty to keep the password. A new one logs the user out everywhere.",
            render_kw=NEW_PASSWORD,
        )
        return type(base.__name__, (base,), {"password": field})

    async def create_object(self, request: Request, data: dict[str, Any]) -> User:
        """Make a user; the password is hashed."""
        user = await users.create_user(current_visit().session, **data)
        await changes.audit(self, request, "create", user, _without_password(data))
        return user

    async def change_object(self, request: Request, obj: User, data: dict[str, Any]) -> None:
        """Change a user; a new password ends all their sessions and tokens."""
        if obj.id == request.state.user.id and not (data.get("is_active", True) and data.get("is_superuser", True)):
            raise ConflictError("You cannot take your own access away. Ask somebody else who has it.")
        session = current_visit().session
        await users.update_user(session, obj, **_without_password(data))
        if data.get("password"):
            await users.set_password(session, obj, data["password"])
        await changes.audit(self, request, "update", obj, _without_password(data))

    async def delete_object(self, request: Request, obj: User) -> None:
        """Delete a user and what is theirs, but not whoever is asking."""
        if obj.id == request.state.user.id:
            raise ConflictError("You cannot delete yourself.")
        await super().delete_object(request, obj)


def _without_password(data: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in data.items() if name != "password"}
