"""Where the databases of tests lie."""

import pytest

from dovetail.testing import memory
from dovetail.testing.memory import memory_folder


@pytest.fixture
def shared(tmp_path, monkeypatch):
    monkeypatch.delenv("TMPDIR", raising=False)
    monkeypatch.setattr(memory, "SHARED_MEMORY", tmp_path)
    return tmp_path


def test_they_lie_in_memory_where_there_is_room(shared, monkeypatch):
    monkeypatch.setattr(memory, "ROOM", 0)
    assert memory_folder() == shared


def test_they_lie_elsewhere_where_there_is_too_little_room(shared, monkeypatch):
    monkeypatch.setattr(memory, "ROOM", 2**80)
    assert memory_folder() is None


def test_they_lie_elsewhere_where_there_is_no_such_memory(shared, monkeypatch):
    monkeypatch.setattr(memory, "SHARED_MEMORY", shared / "nowhere")
    assert memory_folder() is None


def test_who_names_a_place_for_temporary_files_is_heeded(shared, monkeypatch):
    monkeypatch.setattr(memory, "ROOM", 0)
    monkeypatch.setenv("TMPDIR", str(shared))
    assert memory_folder() is None
