"""The table of contents of files and images: it stores, serves and purges them."""

from dovetail.contrib.media.settings import MediaSettings
from dovetail.plugin import Command, Plugin, deferred, lazy

plugin = Plugin(
    name="media",
    depends_on=("auth",),
    settings=MediaSettings,
    models=lazy("dovetail.contrib.media.models:UnusedFile"),
    internal_models=("UnusedFile",),
    routers=lazy(api="dovetail.contrib.media.api:router"),
    checks=lazy("dovetail.contrib.media.checks:check_columns"),
    commands=(
        Command(
            name="purge-files",
            help="Remove files that no row has referred to for MEDIA_KEEP_DAYS.",
            run="dovetail.contrib.media.purging:purge_files",
        ),
    ),
    paths={"files": "/media"},
    setup=deferred("dovetail.contrib.media.serving:mount"),
)
