"""The message that another user changed the object of a form meanwhile: who, and when."""

from starlette.requests import Request

from dovetail.contrib.admin.columns.identifiers import identifier_of
from dovetail.contrib.admin.pages.extras import LastChange, ObjectOfPage
from dovetail.contrib.admin.permissions import user_of
from dovetail.contrib.admin.site_context import SiteContext
from dovetail.contrib.admin.views import ModelAdmin
from dovetail.translation import formats
from dovetail.translation.texts import gettext, gettext_lazy

STALE_ROWS = gettext_lazy(
    "Somebody else changed or deleted what you were editing here, so nothing was saved yet. "
    "It is marked below, with what is stored now; saving again puts yours in its place."
)
STALE_BY = gettext_lazy(
    "%(name)s changed this at %(time)s, while you were editing, so nothing was saved yet. "
    "What is stored now stands below each field where it differs; saving again puts yours in its place."
)
STALE_BY_YOU = gettext_lazy(
    "You changed this elsewhere at %(time)s, while this page was open, so nothing was saved yet. "
    "What is stored now stands below each field where it differs; saving again puts yours in its place."
)
STALE_BY_SOMEBODY = gettext_lazy(
    "Somebody else changed this while you were editing, so nothing was saved yet. "
    "What is stored now stands below each field where it differs; saving again puts yours in its place."
)


async def tell_stale(site: SiteContext, request: Request, view: ModelAdmin, obj: object | None) -> str:
    """Return the message; it names the other user only if the user may view the object."""
    if site.last_change is None or obj is None or not await view.check_can_view_details(request, obj):
        return str(STALE_BY_SOMEBODY)
    found = await site.last_change(request, ObjectOfPage(view, identifier_of(obj), obj))
    if not isinstance(found, LastChange):
        return str(STALE_BY_SOMEBODY)
    said = STALE_BY_YOU if found.by_id == user_of(request).id else STALE_BY
    return gettext(said) % {"name": found.by, "time": formats.moment(found.at)}
