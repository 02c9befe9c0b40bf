"""A site of its own for each test, as the tests of migrations have one."""

from tests.migrations.conftest import engine, site  # noqa: F401 - importing a fixture registers it
