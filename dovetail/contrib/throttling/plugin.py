"""The table of contents of throttling: it counts requests across all workers and machines of a site."""

from dovetail.plugin import Plugin, deferred, lazy

plugin = Plugin(
    name="throttling",
    models=lazy("dovetail.contrib.throttling.models:Bucket"),
    internal_models=("Bucket",),
    extensions={"auth.expired": lazy("dovetail.contrib.throttling.expired:EXPIRED")},
    setup=deferred("dovetail.contrib.throttling.limiter:install"),
    lifespan=deferred("dovetail.contrib.throttling.limiter:lifespan"),
)
