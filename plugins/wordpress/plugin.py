"""The table of contents of the import from WordPress.

What it remembers of an import stands in a table of the blog, with the posts that it is about.
"""

from dovetail.plugin import Command, Plugin
from plugins.wordpress.settings import WordpressSettings

plugin = Plugin(
    name="wordpress",
    depends_on=("auth", "blog"),
    settings=WordpressSettings,
    commands=(
        Command(
            name="import-wordpress",
            help="Import the posts of a WordPress export.",
            run="plugins.wordpress.command:import_wordpress",
        ),
    ),
)
