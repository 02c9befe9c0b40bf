"""A site of the plugin conduit alone: the tests run on it, and `manage.py` serves it."""

from pathlib import Path

from pydantic_settings import SettingsConfigDict

from dovetail.settings import Settings as KernelSettings

BASE_DIR = Path(__file__).resolve().parent.parent


class Settings(KernelSettings):
    """The plugin, and what it depends on."""

    model_config = SettingsConfigDict(env_file=(BASE_DIR / "site.env", BASE_DIR / ".env"))

    base_dir: Path = BASE_DIR
    asgi_application: str = "tests.asgi:app"
    application_factory: str = "tests.site:create_app"
    site_name: str = "Conduit"
    plugins: tuple[str, ...] = (
        "dovetail.contrib.throttling",
        "dovetail.contrib.auth",
        "dovetail.contrib.admin",
        "dovetail.contrib.idempotency",
        "conduit",
    )
