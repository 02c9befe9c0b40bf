"""Two sites of one application: a gazette with a name, a look and rules of its own, and a desk for news beside it."""

from wtforms import BooleanField
from wtforms.validators import InputRequired

from dovetail.contrib.admin.views import AdminSite, LoginForm, ModelAdmin, action, user_of
from dovetail.contrib.auth.admin import UserAdmin
from dovetail.contrib.auth.models import User
from dovetail.errors import PermissionDeniedError
from plugins.blog.admin import PostAdmin, TagAdmin
from plugins.blog.models import Post, Tag


class CarefulLogin(LoginForm):
    terms = BooleanField("I have read the rules", validators=[InputRequired("Read the rules first.")])

    async def confirm_login_allowed(self, _request, user):
        if user.username == "banned":
            raise PermissionDeniedError("You are not let in today.")


class Gazette(AdminSite):
    index_title = "What is to be done"
    login_form = CarefulLogin

    async def each_context(self, _request):
        return {"motto": "All the news"}

    def get_app_list(self, _request, apps):
        return sorted(apps, key=lambda app: app.name, reverse=True)


class Desk(AdminSite):
    def has_permission(self, request):
        return user_of(request).username != "outsider"


class DraftAdmin(ModelAdmin, model=Post):
    identity = "drafts"
    list_display = ("title", "nothing")
    fields = ("title",)

    def nothing(self, _post):
        return None


class OtherTagAdmin(ModelAdmin, model=Tag):
    name_plural = "Keywords"
    list_display = fields = ("name",)


class WriterAdmin(ModelAdmin, model=User):
    identity = "writers"
    can_create = can_edit = can_delete = False
    list_display = ("username",)


@action("count", "Count them")
async def count_them(view, _request, rows):
    return f"{len(rows)} of {view.name_plural.lower()}."


def make_sites() -> tuple[AdminSite, AdminSite]:
    gazette = Gazette(
        site_header="The Gazette",
        site_title="Gazette",
        site_url="https://gazette.example/",
        empty_value_display="(none)",
    )
    gazette.unregister("comments/comment")
    gazette.register(DraftAdmin)
    gazette.replace(UserAdmin, by=WriterAdmin)
    gazette.register(UserAdmin)  # behind the other, and the home of its model nevertheless
    gazette.add_action(count_them)
    gazette.disable_action("delete_selected")
    desk = Desk("desk", path="/desk", plugins=("blog",), enable_nav_sidebar=False, site_url=None)
    desk.replace(TagAdmin, by=OtherTagAdmin)
    desk.unregister(PostAdmin)
    return gazette, desk
