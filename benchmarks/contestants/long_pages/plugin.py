"""A plugin for `make bench` only: the blog's posts once more, with pages longer than its own list gives."""

from dovetail.plugin import Plugin, lazy

plugin = Plugin(
    name="long_pages",
    depends_on=("blog",),
    routers=lazy("benchmarks.contestants.long_pages.api:router"),
)
