"""A site in a temporary folder whose one plugin is the zoo."""

from pathlib import Path

from tests.migrations.sites import REPOSITORY, Site
from tests.zoo.zoo import EXTENSIONS, POSTGRESQL

PLUGIN = """
from tests.zoo.zoo import zoo_plugin
plugin = zoo_plugin({kind!r})
"""


class ZooSite(Site):
    """Runs `manage.py` with all animals of its database."""

    def __init__(self, folder: Path, database_url: str) -> None:
        super().__init__(folder, database_url)
        package = folder / "plugins" / "zoo"
        package.mkdir()
        (package / "__init__.py").touch()
        kind = "sqlite" if database_url.startswith("sqlite") else "postgresql"
        (package / "plugin.py").write_text(PLUGIN.format(kind=kind))
        self.plugins.append("plugins.zoo")

    def environment(self, **more: str) -> dict[str, str]:
        server = {"ZOO_EXTENSIONS": " ".join(EXTENSIONS), "ZOO_POSTGRESQL": str(POSTGRESQL)}
        return super().environment(ZOO="of this site", PYTHONPATH=str(REPOSITORY), **server, **more)
