"""A page with a form of every kind of field, and a view with an action that has one."""

from collections.abc import Mapping, Sequence

from sqladmin import expose
from sqladmin.flash import Flash
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from wtforms import BooleanField, FileField, Form, PasswordField, RadioField, SelectField, StringField
from wtforms.validators import InputRequired, Length, Regexp

from dovetail.contrib.admin.views import AdminPage, ModelAdmin, action, bind_form, render_page
from plugins.blog.models import Post

LOUDNESS = [("low", "Low"), ("loud", "Loud")]


class AnnounceForm(Form):
    words = StringField("Words", validators=[InputRequired(), Length(max=20)], description="A few.")
    loudness = RadioField("Loudness", choices=LOUDNESS, default="low")
    audience = SelectField("Audience", choices=[("all", "Everybody"), ("staff", "Staff")])
    twice = BooleanField("Twice")
    picture = FileField("Picture")
    pin = PasswordField("PIN")


class AnnouncePage(AdminPage):
    name = "Announce"
    category = "Bureau"
    template = "bureau/announce.html"
    permission_required = "blog.change_post"

    @expose("/announce", methods=["GET", "POST"], identity="announce")
    async def show(self, request: Request) -> Response:
        form = await bind_form(request, AnnounceForm, {"words": "Hello"})
        if request.method == "POST" and form.validate():
            given = form.data
            told = f"{given['words']}, {given['loudness']}, {given['audience']}, {given['twice']}"
            Flash.success(request, f"Announced: {told}")
            return RedirectResponse(str(request.url), 303)
        above = [("Bureau", None)]
        return await render_page(self, request, breadcrumbs=above, form=form, submit="Announce", hint="Be brief.")


class PinForm(Form):
    words = StringField("Words")


class ColourForm(Form):
    colour = StringField("Colour", default="red")


class BoardPage(AdminPage):
    """A page with two forms, of which one has a URL of its own."""

    name = "Board"
    category = "Bureau"
    template = "bureau/board.html"

    @expose("/board/pin", methods=["POST"], identity="board")
    async def pin(self, request: Request) -> Response:
        Flash.success(request, f"Pinned: {(await bind_form(request, PinForm)).data['words']}")
        return RedirectResponse(request.url_for("admin:index").path + "board", 303)

    @expose("/board", identity="board")
    async def show(self, request: Request) -> Response:
        form, other = await bind_form(request, PinForm), await bind_form(request, ColourForm)
        return await render_page(self, request, form=form, other=other)


class RetitleForm(Form):
    title = StringField("New title", validators=[Length(max=20), Regexp("[A-Z]", message="Begin with A to Z.")])


class NoticeAdmin(ModelAdmin, model=Post):
    identity = "bureau/notice"
    list_display = ("title",)
    fields = ("title",)

    @action("retitle", "Retitle", form=RetitleForm)
    async def retitle(self, request: Request, posts: Sequence[Post], data: Mapping[str, str]) -> None:
        for post in posts:
            post.title = data["title"]
