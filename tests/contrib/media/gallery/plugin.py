"""A plugin whose models hold files."""

from dovetail.plugin import Plugin, lazy

MODELS = ("Picture", "Portrait", "LentExhibit", "Exhibit")

plugin = Plugin(
    name="gallery",
    depends_on=("media",),
    models=lazy(*(f"tests.contrib.media.gallery.models:{name}" for name in MODELS)),
    policies=lazy(Picture="tests.contrib.media.gallery.policies:PICTURES"),
    routers=lazy(api="tests.contrib.media.gallery.api:router"),
    admin_views=lazy(
        *(f"tests.contrib.media.gallery.admin:{name}Admin" for name in ("Picture", "FixedPicture", "Portrait"))
    ),
)
