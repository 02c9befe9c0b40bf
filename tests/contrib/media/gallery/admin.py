from typing import ClassVar

from dovetail.contrib.admin.views import ModelAdmin
from tests.contrib.media.gallery.models import Picture, Portrait


class PictureAdmin(ModelAdmin, model=Picture):
    list_display = ("title", "image", "scan")
    details_display = ("title", "image", "cover", "scan")
    export_display = ("title", "image")
    fields = ("title", "image", "cover", "scan")


class FixedPictureAdmin(ModelAdmin, model=Picture):
    identity = "gallery/fixed"
    list_display = ("title",)
    fields = ("title", "image", "scan")
    readonly_fields = ("image",)
    widget_args: ClassVar[dict[str, dict[str, object]]] = {"scan": {"readonly": True}}


class PortraitAdmin(ModelAdmin, model=Portrait):
    list_display = ("id", "image")
    fields = ("image",)
