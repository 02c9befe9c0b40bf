"""The preview of the Markdown editor, for users who may submit the form that contains it."""

from functools import partial

from markupsafe import Markup
from sqladmin.authorization import Action
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from dovetail.contrib.admin.entry.access import allow
from dovetail.contrib.admin.entry.preparation import Preparation
from dovetail.contrib.admin.forms.admin_form import refuse_files
from dovetail.contrib.admin.site_context import SiteContext
from dovetail.errors import BadRequestError
from dovetail.markdown.rendering import LONGEST, render_markdown
from dovetail.state import StateKey
from dovetail.translation.texts import gettext

TEXT = "text"  # the form field with the text
PREVIEW = StateKey[Markup]("dovetail_admin_preview", "`prepare_preview` comes first")


def prepare_preview(site: SiteContext, _request: Request) -> Preparation:
    """Return the preparation that renders the text, for users who may submit a form of the view."""
    return Preparation(work=partial(_render, site), check=partial(_check, site))


async def show_preview(site: SiteContext, request: Request) -> Response:
    """Return the rendered text as JSON."""
    _check(site, request)
    return JSONResponse({"html": PREVIEW.get(request)})


def _check(site: SiteContext, request: Request) -> None:
    view = site.view_at(request)
    may_add = view.can_create and view.has_permission(request, Action.CREATE)
    allow(view.is_accessible(request) and (may_add or (view.can_edit and view.has_permission(request, Action.EDIT))))


async def _render(site: SiteContext, request: Request) -> None:
    form = await request.form()
    refuse_files(form)
    text = str(form.get(TEXT, ""))
    if len(text) > LONGEST:
        told = gettext("The text has %(count)s characters; a preview shows %(most)s at most.")
        raise BadRequestError(told % {"count": f"{len(text):,}", "most": f"{LONGEST:,}"})
    PREVIEW.set(request, await render_markdown(text, image_hosts=site.settings.image_hosts))
