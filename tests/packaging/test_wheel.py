"""The wheel holds `dovetail`, all of it, and nothing else."""

import subprocess
import zipfile
from email.parser import Parser
from pathlib import Path

import dovetail
from tests.running import ROOT


def files_of_the_framework() -> set[str]:
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "dovetail"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return {name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()}


def test_the_wheel_holds_every_file_of_the_framework_and_nothing_else(wheel: Path):
    found = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}

    assert found == files_of_the_framework()
    assert {"dovetail/py.typed", "dovetail/contrib/admin/templates/sqladmin/base.html"} <= found
    assert "dovetail/contrib/auth/password_rules/common_passwords.LICENSE.txt" in found  # both lists ask for it


def test_the_wheel_says_its_version_its_command_and_its_extras(wheel: Path):
    archive = zipfile.ZipFile(wheel)
    (metadata,) = (name for name in archive.namelist() if name.endswith("/METADATA"))
    message = Parser().parsestr(archive.read(metadata).decode())
    entry_points = archive.read(metadata.replace("METADATA", "entry_points.txt")).decode()

    assert message["Version"] == dovetail.__version__
    assert set(message.get_all("Provides-Extra")) == {
        *("test", "dev", "bench"),
        *("images", "inspectdb", "providers", "redis", "valkey"),
    }
    assert "dovetail = dovetail.__main__:main" in entry_points
    assert "dovetail.testing.plugin = dovetail.testing.plugin" in entry_points
