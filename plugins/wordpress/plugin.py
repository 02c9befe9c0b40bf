"""The table of contents of the import from WordPress.

The table that records which items were imported belongs to the blog, as it refers to posts.
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
