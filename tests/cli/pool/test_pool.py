"""`manage.py pool`: advice by Little's law, and what the present settings mean."""

import json

import pytest

from tests.running import manage

EXERCISE = ("--rps", "500", "--db-ms", "50", "--workers", "4", "--max-connections", "200")


def test_the_exercise_is_answered_with_numbers_that_add_up():
    result = manage("pool", *EXERCISE)
    assert result.code == 0
    for words in (
        "25 connections busy on average",
        "6.25 each",
        "DATABASE_POOL_SIZE=12",
        "DATABASE_MAX_OVERFLOW=5",
        "4 workers x (12 + 5)",
        "68 connections at most, of 160",
        "It fits; 92 are left.",
        "503 with Retry-After",
        "/debug/pool",
        "PgBouncer",
    ):
        assert words in " ".join(result.stdout.split()), words


def test_numbers_for_a_program_come_as_json():
    numbers = json.loads(manage("pool", *EXERCISE, "--json").stdout)
    assert numbers == {
        "rps": 500.0,
        "db_ms": 50.0,
        "workers": 4,
        "max_connections": 200,
        "busy": 25.0,
        "busy_per_worker": 6.25,
        "pool_size": 12,
        "max_overflow": 5,
        "total": 68,
        "limit": 160,
        "wanted": 68,
        "verdict": "fits",
    }


def test_no_database_is_asked_when_every_number_is_given():
    assert manage("pool", *EXERCISE, DATABASE_URL="postgresql://ada:hidden@127.0.0.1:1/site").code == 0


def test_without_arguments_it_reads_the_running_settings(empty_database_url):
    result = manage("pool", DATABASE_URL=empty_database_url, DATABASE_POOL_SIZE=7, DATABASE_MAX_OVERFLOW=3)
    assert "DATABASE_POOL_SIZE=7" in result.stdout
    assert "1 worker x (7 + 3)" in result.stdout
    assert "10 connections at most" in result.stdout
    assert "200\n" in result.stdout  # 10 connections, each held for 50 ms


def test_without_arguments_it_asks_postgresql_for_its_own_limit(empty_database_url, database_kind):
    facts = json.loads(manage("pool", "--json", DATABASE_URL=empty_database_url).stdout)
    assert facts["database"] == database_kind
    if database_kind == "postgresql":
        assert facts["max_connections"] >= 10
        assert 1 <= facts["connected"] <= facts["max_connections"]
    else:
        assert facts["max_connections"] is facts["connected"] is None


def test_more_connections_than_the_servers_share_are_said(empty_database_url):
    result = manage("pool", "--max-connections", "10", "--workers", "3", DATABASE_URL=empty_database_url)
    assert "The site may open 30, which is more than 8" in result.stdout


@pytest.mark.parametrize("name", ["--rps", "--db-ms", "--workers", "--max-connections"])
@pytest.mark.parametrize("value", ["0", "-1", "1e300", "nan", "inf", "many"])
def test_absurd_numbers_are_refused_in_a_few_words(name, value):
    arguments = list(EXERCISE)
    arguments[arguments.index(name) + 1] = value
    result = manage("pool", *arguments)
    assert result.code in (1, 2)
    assert result.stdout == ""
    assert name in result.stderr
    assert "Traceback" not in result.stderr


def test_one_half_of_the_load_is_not_enough():
    result = manage("pool", "--rps", "500")
    assert result.code == 2
    assert "give both --rps and --db-ms" in result.stderr
