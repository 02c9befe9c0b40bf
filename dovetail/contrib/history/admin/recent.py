"""Show on the first page of the back office what one has changed lately oneself."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from starlette.requests import Request

from dovetail.contrib.admin.permissions import rights_of, user_of
from dovetail.contrib.admin.sqladmin_private import AnySelect
from dovetail.contrib.admin.view_base import ViewBase
from dovetail.contrib.admin.widgets.widget import STAFF, Row, Values, Widget
from dovetail.contrib.history.models import RecordedChange
from dovetail.translation.texts import gettext_lazy

SHOWN = 10
WINDOW = 10_000  # changes among which one's own are looked for


@dataclass(frozen=True)
class RecentChange:
    """A change of an object, which has a page in a view."""

    action: str
    object_key: str
    created_at: datetime
    view: ViewBase


@dataclass(frozen=True, kw_only=True)
class RecentChanges(Widget):
    """One's own changes, of objects that one may list."""

    def select(self, request: Request) -> AnySelect:
        """Return the statement that finds the last changes of the user."""
        last = select(func.max(RecordedChange.id)).scalar_subquery()
        mine = (RecordedChange.actor_id == user_of(request).id, RecordedChange.id > last - WINDOW)
        columns = [RecordedChange.__table__.c[name] for name in ("action", "model", "object_key", "created_at")]
        return select(*columns).where(*mine).order_by(RecordedChange.id.desc())

    def values(self, request: Request, rows: Sequence[Row]) -> Values | None:
        """Return the changes, of several alike the last; None if there are none."""
        views = _views(request)
        found: dict[Sequence[object], RecentChange] = {}
        for action, model, key, created_at in rows:
            view = views.get(str(model))
            if view is not None and isinstance(created_at, datetime):
                found.setdefault((action, model, key), RecentChange(str(action), str(key), created_at, view))
        return {"changes": list(found.values())[:SHOWN]} if found else None


def _views(request: Request) -> Mapping[str, ViewBase]:
    rights = rights_of(request)
    models = {view.model: view for view in rights.listable}
    found = {f"{view.plugin_name}.{model.__name__.lower()}": rights.view_of(model) for model, view in models.items()}
    return {label: view for label, view in found.items() if view is not None}


RECENT_CHANGES = RecentChanges(
    title=gettext_lazy("Your recent changes"),
    template="sqladmin/recent_changes.html",
    permission=STAFF,
    seconds=0,
    limit=SHOWN * 5,
)
