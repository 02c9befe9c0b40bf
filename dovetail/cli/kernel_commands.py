"""The table of contents of `manage.py`: the kernel's own commands."""

from dovetail.plugin import Command

COMMANDS = (
    Command(name="help", help="Show this list, or the help of one command.", run="dovetail.cli.main:help_command"),
    Command(
        name="quickstart",
        help="Migrate, make an administrator and demo content if there are none, and serve.",
        run="dovetail.cli.server.quickstart:quickstart",
    ),
    Command(name="runserver", help="Serve the site.", run="dovetail.cli.server.runserver:runserver"),
    Command(name="check", help="Look a site over before it runs.", run="dovetail.cli.checks.check:check"),
    Command(
        name="shell", help="Try code with models, session and settings at hand.", run="dovetail.cli.shell.shell:shell"
    ),
    Command(name="dbshell", help="Start the database's own command line.", run="dovetail.cli.shell.dbshell:dbshell"),
    Command(name="dumpdata", help="Write the rows of plugins as JSON.", run="dovetail.cli.data.dumpdata:dumpdata"),
    Command(name="loaddata", help="Load rows that dumpdata wrote.", run="dovetail.cli.data.loaddata:loaddata"),
    Command(name="flush", help="Empty every table, keeping the tables.", run="dovetail.cli.data.flush:flush"),
    Command(name="startproject", help="Write a new site.", run="dovetail.cli.scaffold.startproject:startproject"),
    Command(name="startplugin", help="Write a new plugin.", run="dovetail.cli.scaffold.startplugin:startplugin"),
    Command(name="plugins", help="List the plugins and their state.", run="dovetail.cli.plugins:plugins"),
    Command(name="routes", help="List every address the site answers.", run="dovetail.cli.routes:routes"),
    Command(name="openapi", help="Write the description of the API as JSON.", run="dovetail.cli.openapi:openapi"),
    Command(name="pool", help="Advise on the size of the connection pool.", run="dovetail.cli.pool.pool:pool"),
    Command(name="test", help="Run the tests.", run="dovetail.cli.run_tests:test"),
    Command(
        name="migrate",
        help="Bring the database up to date, or one plugin back.",
        run="dovetail.cli.migrations.migrate:migrate",
    ),
    Command(
        name="makemigrations",
        help="Write migrations for what changed in the models.",
        run="dovetail.cli.migrations.makemigrations:makemigrations",
    ),
    Command(
        name="inspectdb",
        help="Write a plugin over tables that are there already.",
        run="dovetail.cli.inspection.inspectdb:inspectdb",
    ),
    Command(
        name="showmigrations",
        help="List migrations and which of them are applied.",
        run="dovetail.cli.migrations.showmigrations:showmigrations",
    ),
    Command(
        name="sqlmigrate", help="Print the SQL of a migration.", run="dovetail.cli.migrations.sqlmigrate:sqlmigrate"
    ),
    Command(
        name="squashmigrations",
        help="Write one migration that stands for several.",
        run="dovetail.cli.migrations.squashmigrations:squashmigrations",
    ),
    Command(
        name="makemessages",
        help="Write the texts of plugins into their catalogs.",
        run="dovetail.cli.translation.commands:makemessages",
    ),
    Command(
        name="compilemessages",
        help="Compile catalogs, for the site to read.",
        run="dovetail.cli.translation.commands:compilemessages",
    ),
)
