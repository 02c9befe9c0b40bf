"""`manage.py quickstart`, what `make run` runs."""

import re
import socket

import httpx

from tests.running import TIMEOUT, free_port, manage, python, serving, start, stop, wait_until_it_answers

COUNT = """
from sqlalchemy import func
from dovetail.contrib.auth.models import User
from plugins.blog.models import Post
print(await session.scalar(select(func.count()).where(User.is_superuser)))
print(await session.scalar(select(func.count(Post.id))))
print(await session.scalar(select(func.count(Post.title.distinct()))))
"""


def counts(database_url: str) -> list[str]:
    """How many administrators, posts and different titles there are."""
    return manage("shell", "-c", COUNT, DATABASE_URL=database_url).stdout.split()


def test_it_makes_a_site_with_an_administrator_who_can_log_in(empty_database_url):
    port = free_port()
    with serving("quickstart", "--port", str(port), DATABASE_URL=empty_database_url, port=port) as process:
        url = f"http://127.0.0.1:{port}"
        asked = [httpx.get(url + path, follow_redirects=True, timeout=TIMEOUT) for path in ("/", "/docs", "/admin/")]
        pages = [answer.status_code for answer in asked]
        posts = httpx.get(f"{url}/api/posts", timeout=TIMEOUT).json()["items"]
        output = stop(process)
        assert pages == [200, 200, 200]
        assert posts, "the demo blog is there"
    for path in ("/", "/docs", "/admin/"):
        assert f"{url}{path}\n" in output
    password = re.search(r"password: +(\S+)", output)
    username = re.search(r"username: +(\S+)", output)
    assert password is not None
    assert username is not None
    with serving("quickstart", "--port", str(port), DATABASE_URL=empty_database_url, port=port):
        login = httpx.post(
            f"{url}/api/auth/login", data={"username": username[1], "password": password[1]}, timeout=TIMEOUT
        )
        assert login.status_code == 200, login.text


def test_running_it_again_changes_nothing_and_shows_no_password(empty_database_url):
    port = free_port()
    found = []
    for _ in range(2):
        with serving("quickstart", "--port", str(port), DATABASE_URL=empty_database_url, port=port) as process:
            output = stop(process)
        found.append(counts(empty_database_url))
    assert found[0] == found[1]
    assert "password" not in output.lower()
    assert "The database is up to date." in output


def test_two_at_once_make_one_administrator_and_one_demo_blog(empty_database_url):
    ports = [free_port() for _ in range(2)]
    processes = [start("quickstart", "--port", str(port), DATABASE_URL=empty_database_url) for port in ports]
    try:
        for process, port in zip(processes, ports, strict=True):
            wait_until_it_answers(process, port)
    finally:
        outputs = [stop(process) for process in processes]
    assert sum("password:" in output for output in outputs) == 1
    assert "Traceback" not in "".join(outputs)
    administrators, posts, titles = counts(empty_database_url)
    assert administrators == "1"
    assert posts == titles


def test_a_taken_port_is_one_line_before_anything_starts(tmp_path):
    database = tmp_path / "site.sqlite3"
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        error = manage("quickstart", "--port", str(port), DATABASE_URL=f"sqlite:///{database}").error
    assert error == f"port {port} on 127.0.0.1 is taken; choose another, e.g. --port {port + 1}"
    assert not database.exists()


def test_the_database_is_a_file_below_var_unless_the_environment_names_another(site):
    port = free_port()
    with serving("quickstart", "--port", str(port), cwd=site, PYTHONPATH=site, port=port):
        assert (site / "var" / "dovetail.sqlite3").exists()


def test_it_refuses_production(tmp_path):
    url = f"sqlite:///{tmp_path}/site.sqlite3"
    error = manage("quickstart", ENVIRONMENT="production", DATABASE_URL=url).error
    assert error == "quickstart makes demo content; in production use migrate, createsuperuser and runserver"


def test_the_password_is_stored_nowhere_in_clear(site):
    port = free_port()
    with serving("quickstart", "--port", str(port), cwd=site, PYTHONPATH=site, port=port) as process:
        output = stop(process)
    password = re.search(r"password: +(\S+)", output)
    assert password is not None
    found = python(
        "-c",
        "import pathlib, sys\n"
        "for path in pathlib.Path('var').rglob('*'):\n"
        "    if path.is_file() and sys.argv[1].encode() in path.read_bytes(): print(path)",
        password[1],
        cwd=site,
    )
    assert found.stdout == ""
