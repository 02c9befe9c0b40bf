"""The settings of a test, which are the same on every machine."""

import pytest
from pydantic import ValidationError


def test_neither_the_environment_nor_a_dotenv_file_says_what_a_test_leaves_out(make_settings, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".env").write_text("SITE_NAME=Elsewhere\nMAX_BODY_SIZE=1\n")
    monkeypatch.setenv("LOG_LEVEL", "DEBUG")
    settings = make_settings(max_body_size=2)
    assert (settings.site_name, settings.log_level, settings.max_body_size) == ("Dovetail", "INFO", 2)


def test_a_setting_that_is_wrong_is_refused(make_settings):
    with pytest.raises(ValidationError, match="max_body_size"):
        make_settings(max_body_size=0)
