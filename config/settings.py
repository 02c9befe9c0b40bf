"""The settings of this site: which plugins it has; everything else comes from the environment and `.env`."""

from pathlib import Path

from pydantic_settings import SettingsConfigDict

from dovetail.settings import Settings as KernelSettings

BASE_DIR = Path(__file__).resolve().parent.parent


class Settings(KernelSettings):
    """A blog with comments and a back office."""

    model_config = SettingsConfigDict(env_file=BASE_DIR / ".env")

    base_dir: Path = BASE_DIR
    application_factory: str = "project.application:create_app"
    plugins: tuple[str, ...] = (
        "dovetail.contrib.throttling",
        "dovetail.contrib.auth",
        "dovetail.contrib.admin",
        "dovetail.contrib.idempotency",
        "dovetail.contrib.history",
        "plugins.blog",
        "plugins.comments",
        "plugins.wordpress",
        "plugins.wordpress_comments",
    )
