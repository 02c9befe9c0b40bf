"""Keeps the answers to requests that carry an `Idempotency-Key`, so that they can be sent again."""

from dovetail.plugin import Plugin, deferred, lazy

plugin = Plugin(
    name="idempotency",
    models=lazy("dovetail.contrib.idempotency.models:IdempotentAnswer"),
    internal_models=("IdempotentAnswer",),
    setup=deferred("dovetail.contrib.idempotency.store:install"),
)
