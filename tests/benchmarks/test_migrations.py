"""`make bench` measures migrations beside Django's: the harness works, on sites as small as can be."""

import subprocess
import sys
from pathlib import Path

from benchmarks.migration_sites import Project, dovetail
from benchmarks.migrations import MEASURES, Cost, run, summary, table
from tests.running import ROOT


def test_the_site_it_measures_works_and_what_it_times_is_real(tmp_path: Path):
    site = dovetail(tmp_path / "site", 2, 2)

    for measure in MEASURES.values():
        assert measure(site).wall > 0

    shown = subprocess.run(
        site.command("showmigrations"),
        cwd=site.folder,
        env=site.environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert shown.stdout == "p00\n [x] 0001_c1\n [x] 0002_c2\np01\n [x] 0001_c1\n [x] 0002_c2\n"


def test_two_projects_are_measured_in_turns(tmp_path: Path, monkeypatch):
    asked: list[str] = []

    def measure(project: Project) -> Cost:
        asked.append(project.name)
        return Cost(wall=2.0 if project.name == "dovetail" else 4.0, cpu=1.0)

    monkeypatch.setattr("benchmarks.migrations.MEASURES", {"nothing": measure})
    costs = run(tmp_path, plugins=1, revisions=1, rounds=2)

    assert asked == ["django", "dovetail", "dovetail", "django", "django", "dovetail"]  # the first round warms up
    assert summary(costs)[0]["ratio"] == 0.5
    assert "| nothing | 2000 | 4000 | 0.50 | 1000 | 1000 |" in table(summary(costs))


def test_its_options_are_explained():
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.migrations", "--help"], cwd=ROOT, capture_output=True, text=True, check=True
    )

    assert done.returncode == 0
    assert "--rounds" in done.stdout
