"""`make fuzz`: schemathesis asks the real site whatever its OpenAPI document allows, and what it forbids.

    make fuzz                                             # 2,000 cases or more on each database
    SCHEMATHESIS_CASES=10000 make fuzz
    make fuzz FUZZ="--seed 1234 --database sqlite --who staff --cases 2000"   # once more, exactly as it was
    make fuzz FUZZ="--road usual"                         # on FastAPI's road alone, without the fast path in front

Each run has a fresh, migrated database with a few rows in it, served by `manage.py runserver`, and one user whose token
is sent; all checks are on. The seed is printed, and the command that repeats a run that found something. What is found
is corrected in the site or in its document, not left out: schemathesis.toml and hooks.py say what cannot be said there.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

import click

from config.settings import Settings
from dovetail.testing import postgres
from dovetail.testing.databases import TestDatabases
from tests.contract.site import STAFF, WRITER, Site, seed, serving_site
from tests.contract.usual import FACTORY
from tests.running import environment

HERE = Path(__file__).parent
WHO = {"staff": STAFF, "writer": WRITER}
# As many requests as it sends would soon be too many.
LIMITS = ("LOGIN", "LOGIN_NETWORK", "LOGIN_ACCOUNT", "LOGIN_PASSWORD", "FACTOR", "REGISTER", "RESET", "VERIFY", "TOKEN")
UNLIMITED = {f"AUTH_THROTTLE_{name}": "off" for name in LIMITS}
ROADS: dict[str, dict[str, str]] = {
    "fast": {},
    "usual": {"APPLICATION_FACTORY": FACTORY},
}  # what makes a server take it
CASES = 2_000  # on each database, shared by those who ask
SYSTEMATIC = 600  # about what comes of examples and boundaries at least, whatever is asked for
# An operation is tried in two phases, each time with data that fit and with data that do not.
CASES_AN_EXAMPLE = 38


def main() -> int:
    """Fuzz each database; the exit code is 1 if something was found."""
    given = _arguments()
    click.echo(f"seed {given.seed}, at least {given.cases} cases on each database")
    found = []
    with ExitStack() as stack:
        stack.callback(postgres.start_server())
        databases = TestDatabases(Path(stack.enter_context(tempfile.TemporaryDirectory())))
        stack.callback(databases.close)
        for database in given.database:
            cases = 0
            for who in given.who:
                count, passed = _fuzz(databases, database, who, given)
                cases += count
                if not passed:
                    found.append(f"{_once_more(given, database)} --who {who}")
            click.echo(f"{database}: {cases} cases")
            if cases < given.cases:
                click.echo(f"{database}: expected {given.cases} cases")
                found.append(_once_more(given, database))
    for arguments in found:
        click.echo(f'once more: make fuzz FUZZ="{arguments}"')
    return 1 if found else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, default=int(os.environ.get("SCHEMATHESIS_CASES", CASES)))
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--database", choices=("sqlite", "postgresql"), action="append")
    parser.add_argument("--who", choices=tuple(WHO), action="append")
    parser.add_argument("--road", choices=tuple(ROADS), default="fast")
    given = parser.parse_args()
    given.database = given.database or ["sqlite", "postgresql"]
    given.who = given.who or list(WHO)
    return given


def _once_more(given: argparse.Namespace, database: str) -> str:
    return f"--seed {given.seed} --database {database} --cases {given.cases} --road {given.road}"


def _fuzz(databases: TestDatabases, database: str, who: str, given: argparse.Namespace) -> tuple[int, bool]:
    """How many cases there were, and whether all went well."""
    click.echo(f"== {database}, as {who}, on the {given.road} road")
    with databases.migrated(database, Settings) as url, tempfile.TemporaryDirectory() as folder:
        seed(url)
        log, report = Path(folder, "server.log"), Path(folder, "report.json")
        with serving_site(url, log, **ROADS[given.road], **UNLIMITED) as site:
            code = _run(site, who, given.seed, given.cases // len(given.who), report)
        if code and log.exists():
            click.echo("\n".join(line for line in log.read_text().splitlines() if " INFO " not in line)[-5000:])
        cases = json.loads(report.read_text())["test_cases"]["generated"] if report.exists() else 0
        if kept := os.environ.get("SCHEMATHESIS_REPORTS"):
            Path(kept, f"{database}-{who}.json").write_text(report.read_text())
    return cases, code == 0


def _run(site: Site, who: str, number: int, wanted: int, report: Path) -> int:
    examples = max(1, (wanted - SYSTEMATIC) // CASES_AN_EXAMPLE)
    command = [
        *(str(Path(sys.executable).with_name("schemathesis")), "--config-file", str(HERE / "schemathesis.toml")),
        *("run", f"{site.url}/openapi.json", "--seed", str(number), "--max-examples", str(examples)),
        *("--report", "json", "--report-json-path", str(report), "--no-color"),
    ]
    variables = {"CONTRACT_DATABASE_URL": site.database_url, "CONTRACT_USER_ID": WHO[who]}
    return subprocess.run(command, env=environment(**variables), check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
