"""Start-up beside Django's with its admin and REST framework: in turns, with the ratios taken within a round.

What a server's processes have used of the CPU when the first answer is there, what `check` uses, and how much memory
the server holds after its first answer. And the least that Dovetail's `check` can take: the packages of others that it
imports, imported by themselves, beside Django's whole `check`.
"""

import json
import os
import resource
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from urllib.request import urlopen

import click

from benchmarks.machine import cpu_time, family
from benchmarks.servers import free_port
from benchmarks.startup_sites import Site, django, dovetail

RESULTS = Path("var") / "benchmark-startup.json"
PATIENCE = 60.0  # seconds for a server to start or to stop
QUIET = 1.0  # seconds after which memory is read
ANSWERS = {"dovetail": "/api/posts", "django": "/api/posts/"}
WHAT = {
    "start": "start to the first answer, CPU ms",
    "check": "`check`, CPU ms",
    "packages": "other people's packages for `check`, and Django's whole `check`, CPU ms",
    "memory": "idle memory, MB",
}
LISTING = """
import json, runpy, sys
sys.argv = ["manage.py", "check"]
try:
    runpy.run_path("manage.py", run_name="__main__")
finally:
    kept = {name: vars(module).get("__file__") or "" for name, module in [*sys.modules.items()]}
    ours = {f"dovetail.{name}" for name in ("api.deferred_models", "migrations.bridge.deferred_mako")}  # put parts off
    print(json.dumps([name for name, file in kept.items() if "site-packages" in file or name in ours]))  # in order
"""
IMPORTING = """
import importlib, json, sys
from dovetail.server.collector import defer_collection
defer_collection()
for name in json.loads(sys.argv[1]):
    importlib.import_module(name)
"""


def run(folder: Path, rounds: int) -> dict[str, dict[str, list[float]]]:
    """Measure both sites in turns: of each measure and site a figure a round, in seconds and megabytes."""
    sites = [dovetail(folder), django(folder / "django")]
    for site in sites:
        for arguments in site.prepare:
            _manage(site, *arguments)
    packages = _run(sites[0], "-c", LISTING)[0].splitlines()[-1]
    found: dict[str, dict[str, list[float]]] = {what: {site.name: [] for site in sites} for what in WHAT}
    for number in range(rounds + 1):
        for site in sites if number % 2 else reversed(sites):
            start, memory = _serve(site)
            check = _manage(site, "check")
            least = check if site is sites[1] else _run(site, "-c", IMPORTING, packages)[1]
            figures = {"start": start, "check": check, "packages": least, "memory": memory}
            for what, figure in figures.items() if number else ():  # the first round compiles the files
                found[what][site.name].append(figure)
    return found


def summary(found: dict[str, dict[str, list[float]]]) -> list[dict[str, str | float]]:
    """Medians, and medians of the ratios within each round."""
    return [
        {
            "what": WHAT[what],
            "dovetail": median(each["dovetail"]),
            "django": median(each["django"]),
            "ratio": median(ours / theirs for ours, theirs in zip(each["dovetail"], each["django"], strict=True)),
        }
        for what, each in found.items()
    ]


def table(lines: Sequence[dict[str, str | float]]) -> str:
    """The summary in Markdown."""
    head = "| | Dovetail | Django | ratio |\n|---|--:|--:|--:|\n"
    return head + "\n".join(
        f"| {line['what']} | {_shown(line, 'dovetail')} | {_shown(line, 'django')} | {float(line['ratio']):.2f} |"
        for line in lines
    )


@click.command()
@click.option("--rounds", default=7, show_default=True, type=click.IntRange(min=1))
@click.option("--output", default=RESULTS, show_default=True, type=click.Path(path_type=Path))
def main(rounds: int, output: Path) -> None:
    """Compare start-up, `check` and idle memory with Django's."""
    with tempfile.TemporaryDirectory() as folder:
        lines = summary(run(Path(folder), rounds))
    click.echo(f"The blog with API and back office, on SQLite, one process; medians of {rounds} rounds\n")
    click.echo(table(lines))
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_text(json.dumps(lines, indent=2) + "\n", encoding="utf-8")


def _shown(line: dict[str, str | float], name: str) -> str:
    figure = float(line[name])
    return f"{figure * 1000:.0f}" if str(line["what"]).endswith("ms") else f"{figure:.0f}"


def _environment(site: Site) -> dict[str, str]:
    inherited = {name: os.environ[name] for name in ("PATH", "PYTHONPATH") if name in os.environ}
    return inherited | dict(site.environment)


def _manage(site: Site, *arguments: str) -> float:
    """Run `manage.py`; the seconds of CPU that it took."""
    return _run(site, "manage.py", *arguments)[1]


def _run(site: Site, *arguments: str) -> tuple[str, float]:
    """Run Python in a site's folder; return what it printed, and the seconds of CPU that it took."""
    before = os.times()
    done = subprocess.run(  # noqa: S603 - both sites are ours
        [site.serve[0], *arguments],
        cwd=site.folder,
        env=_environment(site),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"{' '.join(arguments)} of {site.name} failed: {done.stdout}{done.stderr}")
    after = os.times()
    return done.stdout, after.children_user + after.children_system - before.children_user - before.children_system


def _serve(site: Site) -> tuple[float, float]:
    """The seconds of CPU until the first answer, and the megabytes held after it."""
    port = free_port()
    with _process(site, port) as process:
        _wait(f"http://127.0.0.1:{port}{ANSWERS[site.name]}", process)
        seconds = sum(map(cpu_time, family(process.pid)))
        time.sleep(QUIET)
        return seconds, sum(map(_memory, family(process.pid)))


def _memory(pid: int) -> float:
    """The megabytes that a process holds."""
    pages = int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1])
    return pages * resource.getpagesize() / 1e6


@contextmanager
def _process(site: Site, port: int) -> Iterator["subprocess.Popen[bytes]"]:
    command = [part.format(port=port) for part in site.serve]
    started = subprocess.Popen(  # noqa: S603 - as above
        command, cwd=site.folder, env=_environment(site), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        yield started
    finally:
        started.terminate()
        started.wait(PATIENCE)


def _wait(url: str, process: "subprocess.Popen[bytes]") -> None:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        try:
            with urlopen(url, timeout=PATIENCE):  # noqa: S310 - a server of ours
                return
        except OSError:
            if process.poll() is not None:
                break
            time.sleep(0.02)
    raise RuntimeError(f"{process.args!r} does not answer {url}")


if __name__ == "__main__":
    main()
