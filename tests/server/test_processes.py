"""Servers that are stopped, restarted, killed and filled up while clients ask: real processes under real load."""

import os
import re
import resource
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import IO

import httpx
import pytest

from tests.running import (
    ROOT,
    SECRET,
    TIMEOUT,
    environment,
    free_port,
    manage,
    serving,
    wait_until,
    wait_until_it_answers,
)
from tests.server.load import loading

PRODUCTION = {"ENVIRONMENT": "production", "SECRET_KEY": SECRET}


@pytest.fixture(scope="module")
def site(tmp_path_factory) -> dict[str, str]:
    url = f"sqlite:///{tmp_path_factory.mktemp('site')}/site.sqlite3"
    assert manage("migrate", DATABASE_URL=url).code == 0
    return {**PRODUCTION, "DATABASE_URL": url}


@pytest.fixture
def log(tmp_path) -> Path:
    return tmp_path / "log"


def workers(log: Path) -> list[int]:
    return [int(pid) for pid in re.findall(r"Started server process \[(\d+)\]", log.read_text())]


def is_alive(pid: int) -> bool:
    status = Path(f"/proc/{pid}/stat")
    return status.exists() and status.read_text().rpartition(")")[2].split()[0] != "Z"


def finish(process: subprocess.Popen[str]) -> int:
    return process.wait(timeout=TIMEOUT)


def test_a_restart_and_a_stop_of_two_workers_lose_no_request(site, log):
    port = free_port()
    with (
        log.open("w") as output,
        serving("runserver", str(port), "--workers", "2", port=port, output=output, **site) as process,
        loading(port, "/api/tags") as load,
    ):
        wait_until(lambda: len(workers(log)) == 2, "two workers")
        load.wait_for(200)
        before = workers(log)
        process.send_signal(signal.SIGHUP)
        wait_until(lambda: "2 new workers serve" in log.read_text(), "new workers")
        wait_until(lambda: not any(is_alive(pid) for pid in before), "the old workers' end")
        load.wait_for(200)
        assert load.errors == {}
        process.send_signal(signal.SIGTERM)
        assert finish(process) == 0
        load.end()
    assert set(load.answers) == {200}
    assert set(load.errors) <= {"ConnectionRefusedError"}  # none was cut off, none was left waiting
    assert "Traceback" not in log.read_text()
    assert not any(is_alive(pid) for pid in workers(log))


def test_a_restart_and_a_stop_of_one_worker_lose_no_request_and_it_exits_with_0(site, log):
    port = free_port()
    with (
        log.open("w") as output,
        serving("runserver", str(port), "--workers", "1", port=port, output=output, **site) as process,
        loading(port) as load,
    ):
        load.wait_for(200)
        process.send_signal(signal.SIGHUP)
        wait_until(lambda: workers(log) == [process.pid] * 2, "a new start under the same number")
        load.wait_for(200)
        assert load.errors == {}
        process.send_signal(signal.SIGTERM)
        assert finish(process) == 0
    assert set(load.answers) == {200}
    assert set(load.errors) <= {"ConnectionRefusedError"}
    assert "Traceback" not in log.read_text()


def start_with(held: socket.socket, log: IO[str], *arguments: str, **variables: str) -> subprocess.Popen[bytes]:
    """Start `runserver` as systemd does, with a socket that is file 3."""
    code = (
        "import os, sys; os.dup2(int(sys.argv[1]), 3);"
        "os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS='1');"
        "os.execv(sys.executable, [sys.executable, 'manage.py', 'runserver', *sys.argv[2:]])"
    )
    return subprocess.Popen(
        [sys.executable, "-c", code, str(held.fileno()), *arguments],
        cwd=ROOT,
        env=environment(**{"PLUGINS": "[]", **PRODUCTION, **variables}),
        stdout=log,
        stderr=log,
        pass_fds=[held.fileno()],
    )


def test_a_socket_of_systemd_is_taken_and_goes_on_to_listen_when_the_server_ends(log):
    with socket.create_server(("127.0.0.1", 0)) as held, log.open("w") as output:
        port = held.getsockname()[1]
        process = start_with(held, output, "--workers", "2")
        wait_until_it_answers(process, port)
        process.send_signal(signal.SIGTERM)
        assert finish(process) == 0
        with socket.create_connection(("127.0.0.1", port), timeout=5):  # a successor will accept it
            held.accept()[0].close()
    assert f"served at http://127.0.0.1:{port}" in log.read_text()


def test_a_unix_socket_is_served_and_its_proxy_believed_if_the_settings_say_so(site, log, tmp_path):
    path = tmp_path / "site.socket"
    with socket.socket(socket.AF_UNIX) as held, log.open("w") as output:
        held.bind(str(path))
        held.listen()
        app = {"ASGI_APPLICATION": "tests.server.site:app", "TRUSTED_PROXIES": "unix"}
        process = start_with(held, output, "--workers", "1", **site, **app)
        headers = {"X-Forwarded-For": "203.0.113.9", "X-Forwarded-Proto": "https"}
        with httpx.Client(transport=httpx.HTTPTransport(uds=str(path)), timeout=TIMEOUT) as client:
            peer = client.get("http://localhost/peer", headers=headers).json()
        process.send_signal(signal.SIGTERM)
        assert finish(process) == 0
    assert (peer["host"], peer["scheme"]) == ("203.0.113.9", "https")
    assert f"served at unix:{path}" in log.read_text()


def test_a_worker_that_is_killed_is_replaced_and_said_in_one_line(site, log):
    port = free_port()
    with (
        log.open("w") as output,
        serving("runserver", str(port), "--workers", "2", port=port, output=output, **site) as process,
    ):
        wait_until(lambda: len(workers(log)) == 2, "two workers")
        killed = workers(log)[0]
        os.kill(killed, signal.SIGKILL)
        wait_until(lambda: len(workers(log)) == 3, "a third worker")
        with loading(port) as load:
            load.wait_for(200)
            os.killpg(process.pid, signal.SIGTERM)  # as systemd does it, and Ctrl+C: the workers are told, too
            assert finish(process) == 0
    assert set(load.errors) <= {"ConnectionRefusedError"}
    lines = [line for line in log.read_text().splitlines() if "SIGKILL" in line]
    assert len(lines) == 1
    assert lines[0].endswith(f"Worker {killed} was killed by SIGKILL; {workers(log)[-1]} takes its place.")
    assert "Traceback" not in log.read_text()


def test_no_worker_outlives_its_supervisor(log):
    port = free_port()
    with (
        log.open("w") as output,
        serving(
            "runserver", str(port), "--workers", "2", port=port, output=output, PLUGINS="[]", **PRODUCTION
        ) as process,
    ):
        wait_until(lambda: len(workers(log)) == 2, "two workers")
        process.kill()
        wait_until(lambda: not any(is_alive(pid) for pid in workers(log)), "the workers' end")
    assert "Traceback" not in log.read_text()


def test_workers_that_cannot_start_stop_the_server_in_one_line_and_not_with_0(log):
    port = free_port()
    result = manage(
        "runserver", str(port), "--workers", "2", PLUGINS="[]", ASGI_APPLICATION="config.asgi:none", **PRODUCTION
    )
    assert result.code == 1
    assert re.search(r"Worker \d+ exited with 3 before it served; the server stops", result.stderr)


def test_a_process_that_runs_out_of_files_says_so_once_and_goes_on(site, log):
    port = free_port()
    with (
        log.open("w") as output,
        serving("runserver", str(port), "--workers", "1", port=port, output=output, **site) as process,
    ):
        resource.prlimit(process.pid, resource.RLIMIT_NOFILE, (80, 80))
        held = [socket.create_connection(("127.0.0.1", port)) for _ in range(120)]
        held[-1].settimeout(TIMEOUT)
        answer = held[-1].recv(1_000)
        assert answer.startswith(b"HTTP/1.1 503 ")
        assert b"retry-after: 1\r\n" in answer
        for one in held:
            one.close()
        wait_until(
            lambda: httpx.get(f"http://127.0.0.1:{port}/api/tags", timeout=TIMEOUT).status_code == 200, "an answer"
        )
    lines = [line for line in log.read_text().splitlines() if "may have 80 files open" in line]
    assert len(lines) == 1
    assert "Traceback" not in log.read_text()


def test_a_site_refuses_large_and_slow_heads_as_its_settings_say(site, log):
    port = free_port()
    settings = {**site, "REQUEST_HEAD_TIMEOUT": "0.5", "REQUEST_BODY_TIMEOUT": "0.5"}
    with (
        log.open("w") as output,
        serving("runserver", str(port), "--workers", "1", port=port, output=output, **settings),
    ):
        statuses = []
        for sent in (
            b"GET / HTTP/1.1\r\nHost: localhost\r\nX-A: " + b"a" * 70_000 + b"\r\n\r\n",
            b"GET / HTTP/1.1\r\nHost: localhost\r\n",
            b"POST /api/posts HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n{",
        ):
            with socket.create_connection(("127.0.0.1", port), timeout=TIMEOUT) as connection:
                connection.sendall(sent)
                statuses.append(connection.recv(100).split(b" ")[1])
    assert statuses == [b"431", b"408", b"408"]
    assert "Traceback" not in log.read_text()


def test_a_signal_to_all_processes_restarts_them_and_one_without_use_ends_none(site, log):
    port = free_port()
    with (
        log.open("w") as output,
        serving("runserver", str(port), "--workers", "2", port=port, output=output, **site) as process,
        loading(port) as load,
    ):
        wait_until(lambda: len(workers(log)) == 2, "two workers")
        load.wait_for(100)
        os.killpg(process.pid, signal.SIGUSR1)
        os.killpg(process.pid, signal.SIGUSR2)
        os.killpg(process.pid, signal.SIGHUP)
        wait_until(lambda: "2 new workers serve" in log.read_text(), "new workers")
        load.wait_for(100)
        assert load.errors == {}
        assert process.poll() is None
    said = log.read_text()
    assert "SIGUSR1 does nothing: the log is standard error" in said
    assert "SIGUSR2 does nothing" in said
    assert "was killed" not in said


def test_a_single_worker_that_is_told_to_be_two_goes_on_and_restarts_as_often_as_it_is_told(site, log):
    port = free_port()
    with (
        log.open("w") as output,
        serving("runserver", str(port), "--workers", "1", port=port, output=output, **site) as process,
        loading(port) as load,
    ):
        load.wait_for(100)
        process.send_signal(signal.SIGTTIN)
        wait_until(lambda: "SIGTTIN does nothing: this is the only worker" in log.read_text(), "a line that says so")
        process.send_signal(signal.SIGHUP)
        wait_until(lambda: "Finished server process" in log.read_text(), "the end of the first server")
        for _ in range(5):  # while the next one starts
            process.send_signal(signal.SIGHUP)
        wait_until(lambda: len(workers(log)) > 2, "the start after these")
        load.wait_for(100)
        assert load.errors == {}
        assert process.poll() is None


def test_who_presses_ctrl_c_twice_need_not_wait_and_reads_no_traceback(site, log):
    port = free_port()
    served = {**site, "ASGI_APPLICATION": "tests.server.site:app"}
    with (
        log.open("w") as output,
        serving("runserver", str(port), "--workers", "2", port=port, output=output, **served) as process,
        httpx.stream("GET", f"http://127.0.0.1:{port}/ticks") as answer,  # it has no end
    ):
        ticks = answer.iter_raw()
        next(ticks)
        os.killpg(process.pid, signal.SIGINT)
        wait_until(lambda: "Waiting for connections to close" in log.read_text(), "a worker that waits")
        os.killpg(process.pid, signal.SIGINT)
        wait_until(lambda: "Stopped at once" in log.read_text(), "a worker that does not wait any more")
        assert finish(process) == 0
    assert "Traceback" not in log.read_text()
