"""Users and groups in the back office."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, cast

from sqladmin.flash import Flash
from sqlalchemy.orm import RelationshipProperty
from starlette.requests import Request
from starlette.responses import Response
from wtforms import Field, Form
from wtforms.validators import Optional

from dovetail.contrib.admin.forms.admin_form import locked
from dovetail.contrib.admin.forms.column_fields import FormField
from dovetail.contrib.admin.forms.fields import PasswordField
from dovetail.contrib.admin.forms.relation_fields import KeptChoicesField
from dovetail.contrib.admin.sqladmin_private import AnySelect, app_of
from dovetail.contrib.admin.views import (
    BooleanFilter,
    DeletedObjects,
    ModelAdmin,
    RelationFilter,
    action,
    user_of,
)
from dovetail.contrib.admin.web.impersonation import acting_response
from dovetail.contrib.auth import users
from dovetail.contrib.auth.accounts.deletion import prepare_deletion
from dovetail.contrib.auth.acting.impersonation import IMPERSONATE, begin_impersonation
from dovetail.contrib.auth.api.dependencies import make_manager
from dovetail.contrib.auth.credential_changes import (
    Proof,
    change_as_staff,
    change_own_account,
    changes_credentials,
    prove,
    start_reset_of,
)
from dovetail.contrib.auth.events.models import EventKind
from dovetail.contrib.auth.events.record import record
from dovetail.contrib.auth.factors.changes import remove_factors_of
from dovetail.contrib.auth.mail.admin import OutgoingMailAdmin
from dovetail.contrib.auth.models import Group, Permission, User
from dovetail.contrib.auth.permissions.grants import create_group, rename_group
from dovetail.contrib.auth.permissions.managing import (
    REMOVE_FACTORS,
    check_may_manage,
    check_may_remove_factors,
    check_may_set_flags,
    grantable,
    set_groups,
    set_permissions,
)
from dovetail.contrib.auth.permissions.titles import in_words
from dovetail.contrib.auth.proof import check_recent_proof
from dovetail.contrib.auth.sessions.current import session_of
from dovetail.contrib.auth.settings import AUTH_SETTINGS, AuthSettings
from dovetail.errors import ConflictError, PermissionDeniedError
from dovetail.plugin import StateKey
from dovetail.translation import formats
from dovetail.translation.texts import gettext, gettext_lazy, in_sentence, ngettext

if TYPE_CHECKING:
    from dovetail.contrib.auth.manager import UserManager

CURRENT = "current_password"
CURRENT_PASSWORD = {"autocomplete": "current-password", "class": "form-control"}
PROVE = gettext_lazy("Needed to change your own username or e-mail address.")


OFFERED = {
    Group: gettext_lazy("Groups that permit more than you may do yourself are not offered; those that are set stay."),
    Permission: gettext_lazy("What you may not do yourself is not offered; what others set stays."),
}
PROOF = StateKey[Proof]("proof", "`prepare` comes first")  # verified before any lock is taken, since it is slow


class PermissionHolderAdmin(ModelAdmin):
    """A view of models that hold permissions: it shows them in words, and offers only those that the user may grant."""

    async def formfield_for_manytomany(
        self, request: Request, db_field: RelationshipProperty[object], **kwargs: object
    ) -> FormField:
        """Return the field; for users who are not superusers, it offers only what they may grant, and says so."""
        manager, model = user_of(request), db_field.mapper.class_
        if model in {Group, Permission} and not manager.is_superuser:
            kwargs |= {"where": grantable(manager, model), "form_class": KeptChoicesField}
            kwargs["description"] = " ".join(filter(None, [str(kwargs.get("description") or ""), str(OFFERED[model])]))
        return await super().formfield_for_manytomany(request, db_field, **kwargs)

    async def get_related(self, request: Request, relation: str, identifiers: Sequence[str]) -> Sequence[object]:
        """Return the chosen objects, whether offered or not: those already held stay, others are checked when set."""
        loader = self.autocompletes.get(relation)
        return [] if loader is None else await loader.get_many(request, identifiers)

    def title_of(self, obj: object) -> str:
        """Return the title of an object."""
        said = super().title_of(obj)
        return in_words(obj) if isinstance(obj, Permission) and said == obj.name else said


class UserAdmin(PermissionHolderAdmin, model=User):
    """The view of accounts. It uses the same functions as the API, so the same rules apply."""

    icon = "fa-solid fa-users"
    category = gettext_lazy("People")
    list_display = ("username", "email", "full_name", "is_active", "is_staff", "created_at")
    details_display = (
        *("username", "email", "full_name", "bio", "is_active", "is_verified", "is_staff", "is_superuser"),
        *("has_second_factor", "groups", "user_permissions", "created_at", "updated_at"),
    )
    labels: ClassVar[dict[object, str]] = {
        "email": gettext_lazy("E-mail address"),
        "is_active": gettext_lazy("Active"),
        "is_verified": gettext_lazy("Verified"),
        "is_staff": gettext_lazy("Staff"),
        "is_superuser": gettext_lazy("Superuser"),
        "has_second_factor": gettext_lazy("Second factor"),
        "user_permissions": gettext_lazy("Permissions of their own"),
        "created_at": gettext_lazy("Joined"),
        "updated_at": gettext_lazy("Changed"),
    }
    search_fields = ("username", "email", "full_name")
    sortable_by = list_display
    unindexed = (  # used only by staff, and rarely
        *("username", "email", "full_name", "is_active", "is_staff", "is_superuser", "is_verified", "created_at"),
        *("has_second_factor", "groups", "search"),
    )
    ordering = ("-created_at",)
    list_filter = (
        BooleanFilter(User.is_active, title=gettext_lazy("Active")),
        BooleanFilter(User.is_staff, title=gettext_lazy("Staff")),
        BooleanFilter(User.is_superuser, title=gettext_lazy("Superuser")),
        RelationFilter(User.groups, title=gettext_lazy("Group")),
        BooleanFilter(User.is_verified, title=gettext_lazy("Verified")),
        BooleanFilter(User.has_second_factor, title=gettext_lazy("Second factor")),
    )
    fields = (
        *("username", "email", "full_name", "bio", "is_active", "is_verified"),
        *("is_staff", "is_superuser", "groups", "user_permissions"),
    )
    autocomplete_fields: ClassVar[dict[str, dict[str, object]]] = {
        "groups": {"fields": ("name",), "order_by": "name"},
        "user_permissions": {"fields": ("name", "title"), "order_by": "name"},
    }
    field_args: ClassVar[dict[str, dict[str, object]]] = {
        "email": {"description": gettext_lazy("A new one counts once its owner follows the link that is sent there.")},
        "is_active": {
            "description": gettext_lazy("Somebody who is not active cannot log in. Better than deleting them.")
        },
        "is_staff": {"description": gettext_lazy("May enter the back office, and do there what is permitted below.")},
        "is_superuser": {"description": gettext_lazy("May do everything, whatever is permitted below.")},
        "groups": {"description": gettext_lazy("What a group permits, everybody in it may do.")},
    }

    widget_args: ClassVar[dict[str, dict[str, object]]] = {
        "username": {"autocomplete": "username"},  # so that password managers store a new password under this name
        "email": {"autocomplete": "email"},
        "full_name": {"autocomplete": "name"},
    }

    async def get_form(
        self, request: Request | None = None, obj: object | None = None, *, creating: bool | None = None
    ) -> type[Form]:
        """Return the form. The form of one's own account asks for the current password.

        The form of a user with more permissions is locked and says why, since it could not be saved.
        """
        base: Any = await super().get_form(request, obj, creating=creating)
        if request is None or not isinstance(obj, User):
            return cast("type[Form]", base)
        if not _is_own(request):
            why = await self._why_locked(request, obj)
            return cast("type[Form]", base if why is None else locked(base, why))
        return type(base.__name__, (base,), {CURRENT: _current_password()})

    async def _why_locked(self, request: Request, user: User) -> str | None:
        try:
            await check_may_manage(self.session, user_of(request), user)
        except PermissionDeniedError as error:
            return error.detail
        return None

    def get_readonly_fields(self, request: Request, obj: object | None = None) -> Sequence[object]:
        """Return the read-only fields; only superusers can set or unset `is_superuser`."""
        found = super().get_readonly_fields(request, obj)
        return found if user_of(request).is_superuser else (*found, "is_superuser")

    async def prepare(self, request: Request) -> None:
        """Verify the current password of a user who changes their own account."""
        current = (await request.form()).get(CURRENT)
        is_typed = _is_own(request) and isinstance(current, str) and current
        PROOF.set(request, await prove(user_of(request), str(current)) if is_typed else Proof())

    async def create_object(self, request: Request, data: dict[str, Any]) -> User:
        """Create a user, who is sent a link to choose a password."""
        values = _columns(data)
        check_may_set_flags(user_of(request), None, is_superuser=values.get("is_superuser", False))
        user = await users.create_user(self.session, **values, password=None)
        manager = make_manager(self.session, self._settings)
        await manager.invite(user)
        await self._set_rights(request, user, data, known=())
        await self.audit(request, "create", user, dict(values))
        self._tell_what_is_sent(request, manager)
        return user

    async def change_object(self, request: Request, obj: User, data: dict[str, Any]) -> None:
        """Change a user; a new address has to be verified.

        Changing one's own credentials requires one's current password.
        """
        is_own = obj.id == user_of(request).id
        keeps = (data.get(flag, True) for flag in ("is_active", "is_staff"))
        if is_own and not (all(keeps) and data.get("is_superuser", True) >= obj.is_superuser):
            raise ConflictError(gettext("You cannot take your own access away. Ask somebody else who has it."))
        values = _columns(data)
        await check_may_manage(self.session, user_of(request), obj)
        check_may_set_flags(user_of(request), obj, is_superuser=values.get("is_superuser", obj.is_superuser))
        if is_own and changes_credentials(obj, values):
            PROOF.get(request).check(obj)
        manager = make_manager(self.session, self._settings)
        if is_own:
            await change_own_account(manager, obj, values, password=None)
        else:  # ticking the box together with a new address vouches for it
            vouch = bool(values.get("is_verified")) and not obj.is_verified
            await change_as_staff(manager, obj, values, vouch=vouch)
        await self._set_rights(request, obj, data, known=[group.id for group in obj.groups])
        await self.audit(request, "update", obj, dict(values))
        self._tell_what_is_sent(request, manager)

    @action(
        "send_reset_link",
        gettext_lazy("Send a reset link"),
        confirmation_message=gettext_lazy("A link to choose a new password is sent to each of them. Go on?"),
        permission="auth.change_user",
    )
    async def send_reset_link(self, request: Request, chosen: Sequence[User]) -> str:
        """Send each of the users a link to choose a new password."""
        manager = make_manager(self.session, self._settings)
        for user in chosen:
            await check_may_manage(self.session, user_of(request), user)
            await start_reset_of(manager, user)
        message = ngettext(
            "%(count)s link to choose a new password will be sent.",
            "%(count)s links to choose a new password will be sent.",
            len(chosen),
        )
        return message % {"count": formats.number(len(chosen))}

    async def _set_rights(
        self, request: Request, user: User, data: Mapping[str, object], *, known: Sequence[int]
    ) -> None:
        manager: User = user_of(request)
        if "groups" in data:
            groups = await self.get_related(request, "groups", cast("Sequence[str]", data["groups"]))
            wanted = [one.id for one in groups if isinstance(one, Group)]
            await set_groups(self.session, manager, user, wanted, known=known)
        if "user_permissions" in data:
            found = await self.get_related(request, "user_permissions", cast("Sequence[str]", data["user_permissions"]))
            await set_permissions(self.session, manager, user, list(map(str, found)))

    @action(
        "remove-factors",
        gettext_lazy("Remove second factors"),
        confirmation_message=gettext_lazy(
            "Remove the second factors and passkeys of these users, who lost them? Their password is enough then."
        ),
        permission=REMOVE_FACTORS,
    )
    async def remove_factors(self, request: Request, chosen: Sequence[User]) -> str:
        """Remove the second factors of users who lost them; each user is told by e-mail."""
        await check_recent_proof(self.session, user_of(request))
        for user in chosen:
            await check_may_remove_factors(self.session, user_of(request), user)
        count = sum([await remove_factors_of(self.session, user) for user in chosen])
        message = ngettext("%(count)s second factor removed.", "%(count)s second factors removed.", count)
        return message % {"count": formats.number(count)}

    @property
    def _settings(self) -> AuthSettings:
        return AUTH_SETTINGS.get(app_of(self))

    def _tell_what_is_sent(self, request: Request, manager: "UserManager") -> None:
        for message in manager.messages:
            Flash.info(
                request,
                gettext("A message is sent to %(to)s: %(subject)s.") % {"to": message.to, "subject": message.subject},
            )

    @action(
        "end-sessions",
        gettext_lazy("End sessions"),
        permission="auth.delete_session",
        confirmation_message=gettext_lazy(
            "These users will have to log in again, here and in the API. End their sessions?"
        ),
    )
    async def end_sessions(self, request: Request, people: Sequence[User]) -> str:
        """End all sessions of the users, except the current session of the user who calls this."""
        viewer = user_of(request)
        current = session_of(viewer)
        for user in people:
            await check_may_manage(self.session, viewer, user)
            is_own = user.id == viewer.id and current is not None
            await users.log_out_everywhere(self.session, user, keep_id=current.id if is_own and current else None)
        message = ngettext(
            "The sessions of %(count)s user were ended.", "The sessions of %(count)s users were ended.", len(people)
        )
        return message % {"count": formats.number(len(people))}

    @action(
        "impersonate",
        gettext_lazy("Act as this user"),
        confirmation_message=gettext_lazy(
            "You will see the back office as they do, for an hour at most. What you do is noted with both names. Go on?"
        ),
        permission=IMPERSONATE,
        rule="view",
        max_objects=1,
    )
    async def impersonate(self, request: Request, chosen: Sequence[User]) -> Response:
        """Continue as another member of staff, who may not have more permissions than oneself."""
        token, seconds = await begin_impersonation(self.session, user_of(request), chosen[0], request)
        return acting_response(app_of(self), request, token, seconds)

    async def get_deleted_objects(self, objs: Sequence[Any] | AnySelect, request: Request) -> DeletedObjects:
        """Return what is deleted with users; deleting their unsent mail needs no permission of its own."""
        found = await super().get_deleted_objects(objs, request)
        mail = in_sentence(OutgoingMailAdmin.name_plural)
        return found._replace(perms_needed=[name for name in found.perms_needed if name != mail])

    async def delete_object(self, request: Request, obj: User) -> None:
        """Delete a user and what belongs to them. Users cannot delete themselves."""
        if obj.id == user_of(request).id:
            raise ConflictError(gettext("You cannot delete yourself."))
        await check_may_manage(self.session, user_of(request), obj)
        await prepare_deletion(self.session, obj)
        await super().delete_object(request, obj)


class GroupAdmin(PermissionHolderAdmin, model=Group):
    """The view of groups and their permissions."""

    icon = "fa-solid fa-users-gear"
    category = gettext_lazy("People")
    list_display = ("name",)
    details_display = ("name", "permissions")
    search_fields = ("name",)
    sortable_by = ("name",)
    ordering = ("name",)
    unindexed = ("name", "search")  # there are few groups
    fields = ("name", "permissions")
    autocomplete_fields: ClassVar[dict[str, dict[str, object]]] = {
        "permissions": {"fields": ("name", "title"), "order_by": "name"}
    }

    async def create_object(self, request: Request, data: dict[str, object]) -> Group:
        """Create a group; one can only grant permissions that one has oneself."""
        group = await create_group(self.session, str(data["name"]))
        await self._set_permissions(request, group, data)
        await self.audit(request, "create", group, dict(data))
        return group

    async def change_object(self, request: Request, obj: Group, data: dict[str, object]) -> None:
        """Change a group, with the same rules as for `create_object`."""
        await rename_group(self.session, obj, str(data["name"]))
        await self._set_permissions(request, obj, data)
        await self.audit(request, "update", obj, dict(data))

    async def delete_object(self, request: Request, obj: Group) -> None:
        """Delete a group; its members lose its permissions."""
        await set_permissions(self.session, user_of(request), obj, ())
        await record(self.session, EventKind.GROUP_CHANGED, detail=f"group {obj.name} deleted")
        await super().delete_object(request, obj)

    async def _set_permissions(self, request: Request, group: Group, data: Mapping[str, object]) -> None:
        found = await self.get_related(request, "permissions", cast("Sequence[str]", data["permissions"]))
        await set_permissions(self.session, user_of(request), group, list(map(str, found)))


def _current_password() -> Field:
    return PasswordField(
        gettext("Your current password"), validators=[Optional()], description=PROVE, render_kw=CURRENT_PASSWORD
    )


def _is_own(request: Request) -> bool:
    return request.path_params.get("pk") == str(user_of(request).id)


def _columns(data: Mapping[str, object]) -> users.UserChanges:
    others = {CURRENT, "groups", "user_permissions"}
    return cast("users.UserChanges", {name: data[name] for name in data if name not in others})
