"""The animals that live on sqlite."""

from tests.zoo.zoo import zoo_plugin

plugin = zoo_plugin("sqlite")
