"""Say what a page does before its transaction: what takes long, such as hashing, while no row is locked."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial

from sqladmin.authorization import Action
from starlette.requests import Request

from dovetail.contrib.admin.entry.access import open_view
from dovetail.contrib.admin.office import Office
from dovetail.contrib.admin.views import ModelAdmin


@dataclass(frozen=True, kw_only=True)
class Preparation:
    """Work to do before the transaction, for whomever `check` raises nothing about."""

    work: Callable[[Request], Awaitable[None]]
    check: Callable[[Request], object] | None = None


FindPreparation = Callable[[Request], Preparation | None]


def of_form(office: Office, request: Request) -> Preparation | None:
    """Return what the view of a form prepares for somebody who may send its form; None if it prepares nothing."""
    view = office.views.get(request.path_params["identity"])
    if view is None or type(view).prepare is ModelAdmin.prepare:
        return None
    action = Action.EDIT if "pk" in request.path_params else Action.CREATE
    return Preparation(work=view.prepare, check=partial(open_view, office, action=action))
