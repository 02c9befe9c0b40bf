"""The wheel, and an environment that has it and not this checkout."""

from pathlib import Path

import pytest

from tests.packaging.building import Fresh, build_wheel
from tests.running import ROOT


@pytest.fixture(scope="package")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_wheel(ROOT, tmp_path_factory.mktemp("dist"))


@pytest.fixture
def fresh(wheel: Path, tmp_path: Path) -> Fresh:
    return Fresh.make(tmp_path, wheel)
