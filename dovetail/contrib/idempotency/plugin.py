"""Keeps the answers to requests that carry an `Idempotency-Key`, so that they can be sent again."""

from dovetail.plugin import Plugin, deferred, lazy

plugin = Plugin(
    name="idempotency",
    models=lazy("dovetail.contrib.idempotency.models:IdempotentAnswer"),
    internal_models=("IdempotentAnswer",),
    extensions={
        "auth.delete_user": lazy("dovetail.contrib.idempotency.expiry:forget"),
        "auth.expired": lazy("dovetail.contrib.idempotency.expiry:EXPIRED"),
    },
    setup=deferred("dovetail.contrib.idempotency.store:install"),
)
