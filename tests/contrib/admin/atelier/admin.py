from collections.abc import Mapping, Sequence
from typing import ClassVar

from starlette.requests import Request

from dovetail.contrib.admin.views import EmptyFilter, ModelAdmin, display, user_of
from tests.contrib.admin.atelier.models import Artist, Painting

Fieldsets = Sequence[tuple[str | None, Mapping[str, object]]]


@display(description="Letters", ordering="title")
def letters(painting: Painting) -> int:
    return len(painting.title)


class PaintingAdmin(ModelAdmin, model=Painting):
    """Shows every kind of column."""

    list_display = ("__str__", "by", "is_dear", letters, "summary", "shouted", "price", "artist__country")
    list_display_links = ("price", "__str__")
    search_fields = ("^title", "=slug", "artist__name")
    search_help_text = "how a title begins, or a whole slug"
    sortable_by = None
    list_per_page = 2
    list_per_page_options = (2, 5)
    list_max_show_all = 4
    empty_value_display = "?"
    ordering = ("-artist__name", "title")
    fields = ("title", "price")

    @display(description="Painter", ordering="artist__name", empty_value="nobody knows")
    def by(self, painting: Painting) -> str | None:
        return painting.artist.name if painting.artist else None

    @display(description="Dear", boolean=True)
    def is_dear(self, painting: Painting) -> bool | None:
        return None if painting.price is None else painting.price > 100


class HookedAdmin(ModelAdmin, model=Painting):
    """Answers by who asks."""

    identity = "hooked"
    list_display = ("title", "price", "story")
    fields = ("title",)

    def get_list_display(self, request: Request) -> Sequence[object]:
        return ("title", letters, "price") if user_of(request).is_superuser else ("title",)

    def get_list_display_links(self, request: Request, list_display: Sequence[object]) -> Sequence[object]:
        return list_display[-1:]

    def get_search_fields(self, request: Request) -> Sequence[object]:
        return ("title",) if user_of(request).is_superuser else ()

    def get_sortable_by(self, request: Request) -> Sequence[object]:
        return ("price", letters) if user_of(request).is_superuser else ()

    def get_ordering(self, request: Request) -> Sequence[object]:
        return ("-price",) if user_of(request).is_superuser else ("title",)

    def get_list_filter(self, request: Request) -> Sequence[object]:
        return ("price",) if user_of(request).is_superuser else ()

    async def get_deleted_objects(self, objs, request):  # type: ignore[no-untyped-def]  # as in Django, and four values
        """Let nothing go as long as it is priced, and tell of the frame."""
        priced = [one.title for one in objs if one.price]
        return ["Frames", ["A golden frame"]], {"frames": 1, "nails": 2}, {"walls"} if len(objs) > 1 else set(), priced


class ArtistAdmin(ModelAdmin, model=Artist):
    list_display = ("name", "country")
    list_display_links = ()
    search_fields = ("name",)
    ordering = ("name",)
    fields = ("name", "country", "is_living")
    widget_args: ClassVar[dict[str, dict[str, object]]] = {"country": {"readonly": True}}


class HermitAdmin(ModelAdmin, model=Artist):
    """Leads to no page of the site."""

    identity = "hermit"
    list_display = ("name",)
    list_filter = ("paintings.is_sold", "paintings.painted_on")
    fields = ("name",)
    view_on_site = False


class PatronAdmin(ModelAdmin, model=Artist):
    """Says itself where an artist is on the site."""

    identity = "patron"
    list_display = ("name",)
    fields = ("name",)

    def view_on_site(self, obj: Artist) -> str | None:  # type: ignore[override]  # Django: the option may be a function
        return f"/patrons/{obj.id}"


class EaselAdmin(ModelAdmin, model=Painting):
    """Has a form in groups, with fields that nobody writes."""

    identity = "easel"
    name = "Easel"
    list_display = ("title",)
    fieldsets = (
        (None, {"fields": ("title", ("slug", "price"), "technique")}),
        ("Sale", {"fields": ("is_sold", "artist", "by"), "classes": ("collapse",), "description": "When it went."}),
    )
    readonly_fields = ("price", "artist", "by")
    prepopulated_fields: ClassVar[dict[str, Sequence[str]]] = {"slug": ("title",)}
    radio_fields: ClassVar[dict[str, str]] = {"technique": "horizontal"}
    save_as = True
    save_on_top = True

    @display(description="Painter")
    def by(self, painting: Painting) -> str | None:
        return painting.artist.name if painting.artist else None

    def get_readonly_fields(self, request: Request, obj: object | None = None) -> Sequence[object]:
        """Only a superuser names the technique, and of what is sold nobody changes the title."""
        given = [*self.readonly_fields, *(() if user_of(request).is_superuser else ("technique",))]
        return [*given, "title"] if isinstance(obj, Painting) and obj.is_sold else given if obj else [*given, "is_sold"]

    def get_view_on_site_url(self, obj: object) -> str | None:
        return f"/gallery/{obj.slug}" if isinstance(obj, Painting) and obj.slug else None


class OpenAdmin(ModelAdmin, model=Painting):
    """Says what its form leaves out."""

    identity = "open"
    list_display = ("title",)
    exclude = ("story", "shown_at")
    readonly_fields = ("shouted",)
    save_as_continue = False
    save_as = True


class FilteredAdmin(ModelAdmin, model=Painting):
    """Filters by everything."""

    identity = "filtered"
    list_display = ("title",)
    list_filter = (
        *("is_sold", "technique", "painted_on", "shown_at", "price", "artist__country", "artist.is_living"),
        (Painting.artist, EmptyFilter),
        EmptyFilter(Painting.price),
    )
    date_hierarchy = "shown_at"
    ordering = ("title",)
    fields = ("title",)


class GuardedAdmin(ModelAdmin, model=Painting):
    """Lets even superusers do less than they may: nothing is added, and what is sold stays as it is."""

    identity = "guarded"
    list_display = ("title",)
    fields = ("title",)

    def has_view_permission(self, request: Request, obj: object | None = None) -> bool:
        return not (isinstance(obj, Painting) and obj.title == "A found sheet")

    def has_add_permission(self, request: Request) -> bool:
        return False

    def has_change_permission(self, request: Request, obj: object | None = None) -> bool:
        return not (isinstance(obj, Painting) and obj.is_sold)

    def has_delete_permission(self, request: Request, obj: object | None = None) -> bool:
        return not (isinstance(obj, Painting) and obj.is_sold)


class ByObjectAdmin(ModelAdmin, model=Painting):
    """Has another form for what is sold, for new objects, and for all others."""

    identity = "by-object"
    list_display = ("title",)

    def get_fields(self, request: Request, obj: object | None = None) -> Sequence[object]:
        return ("title", "slug", "price") if obj is None else ("title", "price", "artist")

    def get_exclude(self, request: Request, obj: object | None = None) -> Sequence[object] | None:
        return ("price",) if isinstance(obj, Painting) and obj.price else None

    def get_readonly_fields(self, request: Request, obj: object | None = None) -> Sequence[object]:
        return ("artist",)

    def get_fieldsets(self, request: Request, obj: object | None = None) -> Fieldsets:
        if isinstance(obj, Painting) and obj.is_sold:
            return (("Sold", {"fields": ("story",)}),)
        return super().get_fieldsets(request, obj)

    def get_prepopulated_fields(self, request: Request, obj: object | None = None) -> dict[str, Sequence[str]]:
        return {"slug": ("title",)} if user_of(request).is_superuser else {}
