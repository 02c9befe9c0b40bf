"""Django's hooks for saving and deleting objects, and for the responses."""

from starlette.requests import Request
from starlette.responses import Response
from wtforms import Form

from dovetail.contrib.admin.request_context import request_context
from dovetail.database.deletion.self_references import refer_by_columns, refer_no_more
from dovetail.state import StateKey

SENT_FORM = StateKey[Form]("dovetail_admin_form", "no form is being saved")  # of a request

# ruff: noqa: ARG002 - the arguments are for subclasses that override a hook


class SavingHooks:
    """Hooks that run in the transaction of the request; an error of `dovetail.errors` rolls it back."""

    async def save_model(self, request: Request, obj: object, form: Form | None, change: bool) -> None:  # noqa: FBT001 - Django's signature
        """Save an object that has the values of its form; `change` is False for a new one.

        async def save_model(self, request, obj, form, change):
            obj.editor = user_of(request)
            await super().save_model(request, obj, form, change)
        """
        session = request_context().session
        session.add(obj)
        refer_by_columns(obj)
        await session.flush()

    async def delete_model(self, request: Request, obj: object) -> None:
        """Delete an object."""
        session = request_context().session
        await refer_no_more(session, obj)
        await session.delete(obj)
        await session.flush()

    async def response_add(self, request: Request, obj: object) -> Response | None:
        """Return the response after adding an object, None for the default; a status of 400 or more rolls back."""
        return None

    async def response_change(self, request: Request, obj: object) -> Response | None:
        """Return the response after changing an object, None for the default; a status of 400 or more rolls back."""
        return None

    async def response_delete(self, request: Request, obj_display: str, obj_id: str) -> Response | None:
        """Return the response after deleting an object, None for the list; a status of 400 or more rolls back."""
        return None
