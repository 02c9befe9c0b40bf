"""The table of contents of `manage.py`: the kernel's own commands."""

from project.command import Command

COMMANDS = (
    Command(name="help", help="Show this list, or the help of one command.", run="project.cli.help:help_command"),
)
