"""A plugin with views that use every seam."""

from dovetail.plugin import Plugin, lazy

plugin = Plugin(
    name="shelf",
    depends_on=("auth",),
    models=lazy(
        *(f"tests.contrib.admin.shelf.models:{name}" for name in ("Book", "Box", "Genre", "Keeper", "Note", "Stamp"))
    ),
    admin_views=lazy(
        *(
            f"tests.contrib.admin.shelf.admin:{name}"
            for name in (
                *("BookAdmin", "ThinBookAdmin", "AnsweringAdmin", "BoxAdmin", "GenreAdmin", "KeeperAdmin", "NoteAdmin"),
                *("ReadingAdmin", "StampAdmin", "Report"),
            )
        ),
        "tests.contrib.admin.shelf.slow:SlowStampAdmin",
    ),
)
