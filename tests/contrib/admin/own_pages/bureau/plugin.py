"""A plugin with a page of its own, and no models."""

from dovetail.plugin import Plugin, lazy

plugin = Plugin(
    name="bureau",
    depends_on=("blog",),
    admin_views=lazy(
        "tests.contrib.admin.own_pages.bureau.admin:AnnouncePage",
        "tests.contrib.admin.own_pages.bureau.admin:BoardPage",
        "tests.contrib.admin.own_pages.bureau.admin:NoticeAdmin",
    ),
)
