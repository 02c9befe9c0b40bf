"""Check the settings of a site that strangers can reach; `manage.py check --deploy` shows what is found.

After Django's django/core/checks/security and the OWASP cheat sheets, as far as they apply here.
(https://cheatsheetseries.owasp.org/)
"""

import stat
from collections.abc import Iterator

from dovetail.cli.checks.deployment_database import check_database
from dovetail.cli.checks.deployment_network import check_network
from dovetail.cli.checks.deployment_secret import check_secret
from dovetail.plugin import CheckMessage, warning
from dovetail.settings import Settings

MEBIBYTE = 1024 * 1024
LARGEST_BODY = 100 * MEBIBYTE  # bytes that each of a hundred requests at once can make a process hold
MOST_ITEMS = 1_000_000
LONGEST_HEAD = 120  # seconds
LONGEST_BODY = 600  # seconds


def check_settings(settings: Settings) -> Iterator[CheckMessage]:
    """Yield what is doubtful about the settings on any machine."""
    if not settings.plugins:
        yield warning(
            "kernel.W001", "No plugin is enabled.", "name some in config/settings.py, e.g. 'dovetail.contrib.auth'"
        )
    if not settings.allowed_hosts:
        yield warning(
            "kernel.W002",
            "ALLOWED_HOSTS is empty, so every request is refused.",
            "name the hosts of this site, e.g. ALLOWED_HOSTS=www.example.com",
        )


def check_deployment(settings: Settings) -> Iterator[CheckMessage]:
    """Every such finding; nothing is connected to."""
    yield from _check_environment(settings)
    yield from check_secret(settings)
    yield from check_network(settings)
    yield from check_database(settings)
    yield from _check_limits(settings)
    yield from _check_files(settings)


def _check_environment(settings: Settings) -> Iterator[CheckMessage]:
    if settings.environment != "production":
        yield warning(
            "kernel.W010",
            f"ENVIRONMENT is {settings.environment!r}, which shows errors in full.",
            "set ENVIRONMENT=production",
        )
    if settings.log_level == "DEBUG":
        yield warning("kernel.W016", "LOG_LEVEL is DEBUG, which logs every transaction.", "set LOG_LEVEL=INFO")
    if settings.docs == "public":
        yield warning(
            "kernel.W033",
            "DOCS is public: everybody may read which endpoints there are, those of staff too.",
            "set DOCS=staff or DOCS=off, unless the API is for the public",
        )


def _check_limits(settings: Settings) -> Iterator[CheckMessage]:
    if settings.max_body_size > LARGEST_BODY:
        yield warning(
            "kernel.W019",
            f"MAX_BODY_SIZE is {settings.max_body_size:,} bytes, which anybody may make this site hold in memory.",
            f"set MAX_BODY_SIZE to what a request needs, {LARGEST_BODY:,} at most",
        )
    if settings.max_body_items > MOST_ITEMS:
        yield warning(
            "kernel.W032",
            f"MAX_BODY_ITEMS is {settings.max_body_items:,}: one body keeps a process busy for seconds.",
            f"set MAX_BODY_ITEMS to what a request needs, {MOST_ITEMS:,} at most",
        )
    for code, name, seconds, longest in (
        ("kernel.W030", "REQUEST_HEAD_TIMEOUT", settings.request_head_timeout, LONGEST_HEAD),
        ("kernel.W031", "REQUEST_BODY_TIMEOUT", settings.request_body_timeout, LONGEST_BODY),
    ):
        if seconds > longest:
            yield warning(
                code,
                f"{name} is {seconds:g} seconds: whoever sends slowly holds connections for that long.",
                f"set {name} to {longest} or less",
            )


def _check_files(settings: Settings) -> Iterator[CheckMessage]:
    for path in (settings.base_dir / ".env", settings.base_dir / "var" / "secret_key"):
        if path.is_file() and path.stat().st_mode & stat.S_IROTH:
            yield warning(
                "kernel.W037",
                f"{path.name} holds secrets, and every user of this machine can read it.",
                f"run: chmod o-rwx {path}",
            )
