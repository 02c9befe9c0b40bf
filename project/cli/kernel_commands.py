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
    Command(name="shell", help="Try code with models, session and settings at hand.", run="project.cli.shell:shell"),
    Command(name="dbshell", help="Start the database's own command line.", run="project.cli.dbshell:dbshell"),
    Command(name="dumpdata", help="Write the rows of plugins as JSON.", run="project.cli.dumpdata:dumpdata"),
    Command(name="loaddata", help="Load rows that dumpdata wrote.", run="project.cli.loaddata:loaddata"),
    Command(name="flush", help="Empty every table, keeping the tables.", run="project.cli.flush:flush"),
    Command(name="startplugin", help="Write a new plugin.", run="project.cli.startplugin:startplugin"),
    Command(name="plugins", help="List the plugins and their state.", run="project.cli.plugins:plugins"),
    Command(name="routes", help="List every address the site answers.", run="project.cli.routes:routes"),
    Command(name="openapi", help="Write the description of the API as JSON.", run="project.cli.openapi:openapi"),
    Command(name="pool", help="Advise on the size of the connection pool.", run="project.cli.pool:pool"),
    Command(name="test", help="Run the tests.", run="project.cli.run_tests:test"),
    Command(
        name="migrate", help="Bring the database up to date, or one plugin back.", run="project.cli.migrate:migrate"
    ),
    Command(
        name="makemigrations",
        help="Write migrations for what changed in the models.",
        run="project.cli.makemigrations:makemigrations",
    ),
    Command(
        name="showmigrations",
        help="List migrations and which of them are applied.",
        run="project.cli.showmigrations:showmigrations",
    ),
    Command(name="sqlmigrate", help="Print the SQL of a migration.", run="project.cli.sqlmigrate:sqlmigrate"),
    Command(
        name="squashmigrations",
        help="Write one migration that stands for several.",
        run="project.cli.squashmigrations:squashmigrations",
    ),
)
