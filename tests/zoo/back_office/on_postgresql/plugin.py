"""The zoo of PostgreSQL, with the back office of it."""

from tests.zoo.back_office.views import office_plugin

plugin = office_plugin("postgresql")
