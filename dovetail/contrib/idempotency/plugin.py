"""The table of contents of idempotency: it stores the responses to requests with an `Idempotency-Key` for a day."""

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
