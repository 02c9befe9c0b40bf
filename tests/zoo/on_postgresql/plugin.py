"""The animals that live on postgresql without any extension."""

from tests.zoo.zoo import zoo_plugin

plugin = zoo_plugin("postgresql")
