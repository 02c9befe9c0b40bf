"""Keeps the answers to requests that carry an `Idempotency-Key`, so that they can be sent again."""

from project.plugin import Plugin, deferred, lazy

plugin = Plugin(
    name="idempotency",
    models=lazy("project.contrib.idempotency.models:IdempotentAnswer"),
    setup=deferred("project.contrib.idempotency.store:install"),
)
