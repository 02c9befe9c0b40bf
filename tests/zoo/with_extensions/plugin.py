"""The animals that live on PostgreSQL where it has every extension that one of them needs."""

from tests.zoo.zoo import EXTENSIONS, zoo_plugin

plugin = zoo_plugin("postgresql", EXTENSIONS)
