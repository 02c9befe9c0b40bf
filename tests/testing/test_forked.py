"""Processes of tests begin with what they have in common, and with the plugins of a site only where it is ours."""

import json
from pathlib import Path

import pytest

from tests.forked import REPOSITORY, start
from tests.running import environment

SHOW = "import json, sys\nprint(json.dumps(sorted(sys.modules)))\n"


def modules_of_a_process(folder: Path, files: Path, **variables: str) -> set[str]:
    (files / "show.py").write_text(SHOW)
    done = start([str(files / "show.py")], folder, environment(**variables), files=files).finish(60)
    assert done.returncode == 0, done
    return set(json.loads(done.stdout))


def test_a_process_of_this_site_begins_with_its_plugins(tmp_path):
    assert {"alembic.config", "plugins.blog.models"} <= modules_of_a_process(REPOSITORY, tmp_path)


@pytest.mark.parametrize("variables", [{}, {"PLUGINS": "[]"}], ids=["another site", "other plugins"])
def test_any_other_begins_without_a_plugin_or_settings(tmp_path, variables):
    found = modules_of_a_process(REPOSITORY if variables else tmp_path, tmp_path, **variables)

    assert "dovetail.migrations.run.runner" in found
    assert [name for name in found if f"{name}.".startswith(("config.", "plugins.", "dovetail.contrib."))] == []
