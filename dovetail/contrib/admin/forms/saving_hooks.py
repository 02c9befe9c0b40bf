"""Django's hooks by which a view changes how objects are saved and deleted, and what is answered."""

from starlette.requests import Request
from starlette.responses import Response
from wtforms import Form

from dovetail.contrib.admin.request_context import request_context
from dovetail.state import StateKey

SENT_FORM = StateKey[Form]("dovetail_admin_form", "no form is being saved")  # of a request

# ruff: noqa: ARG002 - the arguments are for those who override a hook


class SavingHooks:
    """Hooks inside the request's one transaction, before it commits; an error of `dovetail.errors` undoes it."""

    async def save_model(self, request: Request, obj: object, form: Form | None, change: bool) -> None:  # noqa: FBT001 - Django's signature
        """Save an object that has what its form says; `change` is False of a new one.

        async def save_model(self, request, obj, form, change):
            obj.editor = user_of(request)
            await super().save_model(request, obj, form, change)
        """
        session = request_context().session
        session.add(obj)
        await session.flush()

    async def delete_model(self, request: Request, obj: object) -> None:
        """Delete an object."""
        session = request_context().session
        await session.delete(obj)
        await session.flush()

    async def response_add(self, request: Request, obj: object) -> Response | None:
        """Return what to answer once an object was added, None for the usual; 400 and above undoes everything."""
        return None

    async def response_change(self, request: Request, obj: object) -> Response | None:
        """Return what to answer once an object was changed, None for the usual; 400 and above undoes everything."""
        return None

    async def response_delete(self, request: Request, obj_display: str, obj_id: str) -> Response | None:
        """Return what to answer once one object was deleted, None for the list; 400 and above undoes everything."""
        return None
