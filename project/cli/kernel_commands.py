"""The table of contents of `manage.py`: the kernel's own commands."""

from project.command import Command

COMMANDS = (
    Command(name="help", help="Show this list, or the help of one command.", run="project.cli.help:help_command"),
    Command(
        name="quickstart",
        help="Migrate, make an administrator and demo content if there are none, and serve.",
        run="project.cli.quickstart:quickstart",
    ),
    Command(name="runserver", help="Serve the site.", run="project.cli.runserver:runserver"),
    Command(name="check", help="Look a site over before it runs.", run="project.cli.check:check"),
)
