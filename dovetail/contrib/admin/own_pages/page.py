"""Pages of plugins in the layout of the back office: with a title, breadcrumbs, messages, and optionally a form.

    class RenamePage(AdminPage):
        name = "Rename a tag"
        permission_required = "blog.change_tag"

        @expose("/rename-tag", methods=["GET", "POST"], identity="rename-tag")
        async def show(self, request):
            form = await bind_form(request, RenameForm)
            if request.method == "POST" and form.validate():
                ...
                return RedirectResponse(request.url, 303)
            return await render_page(self, request, form=form, submit="Rename")

A page of a view of a model, a method with `@expose` there, is rendered the same way.
"""

from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from http import HTTPStatus
from typing import ClassVar

from sqladmin import BaseView
from sqladmin.flash import Flash
from sqlalchemy.ext.asyncio import AsyncSession
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response
from wtforms import Form

from dovetail.contrib.admin.forms.admin_form import as_admin_form, fill_in, refuse_files
from dovetail.contrib.admin.forms.assets import assets_of
from dovetail.contrib.admin.request_context import request_context
from dovetail.contrib.admin.view_base import ViewBase
from dovetail.contrib.admin.web.form_fields import KEPT_FORM
from dovetail.contrib.admin.web.rendering import path_for
from dovetail.database.session import SAFE_METHODS
from dovetail.translation.texts import gettext

TEMPLATE = "sqladmin/page.html"
Breadcrumb = tuple[str, str | None]  # label and URL


class AdminPage(BaseView):
    """A view without a model, whose pages are methods with `@expose`. It is in the menu under its `category`.

    Access, `permission_required` and the CSRF token of a POST were checked before a method is called.
    """

    template: ClassVar[str] = TEMPLATE
    permission_required: ClassVar[str | None] = None  # "blog.change_tag"; None: all users of the back office

    def __init_subclass__(cls) -> None:
        """Check the options. Raise TypeError for an unknown one."""
        known = dir(AdminPage)
        for name, value in vars(cls).items():
            if not name.startswith("_") and name not in known and not callable(value) and not hasattr(value, "__get__"):
                near = "".join(f"; did you mean {one}?" for one in get_close_matches(name, known, n=1))
                raise TypeError(f"{cls.__name__}: {name} is no option of AdminPage{near}")

    @property
    def session(self) -> AsyncSession:
        """Return the session of the request, which commits after the page. Raise AttributeError without a request."""
        try:
            return request_context().session
        except LookupError:  # SQLAdmin reads all attributes of a view at start, and handles AttributeError
            raise AttributeError("a page has a session while a request is answered, and no other") from None


async def bind_form(request: Request, form_class: type[Form], initial: Mapping[str, object] | None = None) -> Form:
    """Return a form of WTForms with the data of a POST, or with its initial values.

    A form that was submitted after its session had ended is shown again after the login, and the user is told;
    passwords and files are not kept.

    Raise InvalidInputError if a file was submitted for a field that is not a file field. `form.validate()` returns
    whether all fields are valid; add errors that only the database finds to `form.name.errors`.
    """
    made, given = as_admin_form(form_class), dict(initial or {})
    kept = _kept(request, made)
    if kept is None and request.method in SAFE_METHODS:
        return made(data=given)
    sent = await request.form() if kept is None else kept
    refuse_files(sent, form_class)
    form, _ = fill_in(made, sent, given, is_new=True)
    if kept is not None:
        vars(form)["is_kept"] = True
        Flash.warning(request, gettext("This is what you had typed. Nothing was done yet; look at it and send it."))
    return form


async def render_page(
    view: BaseView,
    request: Request,
    template: str | None = None,
    *,
    title: str = "",
    breadcrumbs: Sequence[Breadcrumb] = (),
    form: Form | None = None,
    submit: str = "",
    status: int | None = None,
    **context: object,
) -> Response:
    """Return a page by "sqladmin/page.html" or a template that extends it, with an optional form.

    `breadcrumbs` are added after the index page of the site and, for a view of a model, its list. The template gets
    `context`. The status is 400 for a form with errors, unless another one is given.
    """
    values: dict[str, object] = {
        "title": title or view.name,
        "breadcrumbs": [*_above(view, request), *breadcrumbs],
        "form": form,
        "form_assets": assets_of([form]) if form is not None else (),
        "submit": submit or gettext("Save"),
    }
    if isinstance(view, ViewBase):
        values["model_view"] = view
    name = template or (view.template if isinstance(view, AdminPage) else TEMPLATE)
    has_mistakes = request.method not in SAFE_METHODS and form is not None and bool(form.errors)
    found = status or (HTTPStatus.BAD_REQUEST if has_mistakes else HTTPStatus.OK)
    page: Response = await view.templates.TemplateResponse(request, name, {**values, **context}, found)
    return page


def _kept(request: Request, form_class: type[Form]) -> FormData | None:
    """Return the stored form of this page, if it is of this class: a page may have several."""
    kept = KEPT_FORM.find(request)
    return kept if kept is not None and any(field.name in kept for field in form_class()) else None


def _above(view: BaseView, request: Request) -> list[Breadcrumb]:
    if not isinstance(view, ViewBase):
        return []
    return [(str(view.name_plural), path_for(request, "admin:list", identity=view.identity))]
