"""A plugin of tables that PostgreSQL alone has."""

from dovetail.plugin import Plugin, lazy

MODELS = ("Stay", "Note")
plugin = Plugin(
    name="vault",
    models=lazy(*(f"tests.contract.vault.models:{name}" for name in MODELS)),
    routers=lazy("tests.contract.vault.api:router"),
    admin_views=lazy(*(f"tests.contract.vault.admin:{name}Admin" for name in MODELS)),
)
