"""The table of contents of the plugin conduit."""

from fastapi import FastAPI

from dovetail.plugin import Context, Plugin, lazy


def setup(app: FastAPI, context: Context) -> None:
    """Answer errors as clients of Conduit read them."""
    from conduit.errors import ConduitErrors

    app.add_middleware(ConduitErrors)


MODELS = ("Profile", "Tag", "Article", "Comment")

plugin = Plugin(
    name="conduit",
    depends_on=("auth",),
    models=lazy(*(f"conduit.models:{name}" for name in MODELS)),
    policies=lazy(
        Profile="conduit.policies:PROFILES",
        Tag="conduit.policies:TAGS",
        Article="conduit.policies:ARTICLES",
        Comment="conduit.policies:COMMENTS",
    ),
    routers=lazy(
        accounts="conduit.accounts:router",
        profiles="conduit.profiles:router",
        articles="conduit.articles:router",
        comments="conduit.comments:router",
    ),
    setup=setup,
)
