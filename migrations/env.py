"""Alembic runs this file for its own commands; `manage.py migrate` and its kin do not need it."""

from logging.config import fileConfig

from alembic import context

from config.settings import Settings
from dovetail.migrations.raw.environment import run

if context.config.config_file_name is not None:
    fileConfig(context.config.config_file_name, disable_existing_loggers=False)
run(context, Settings)
