"""Several worker processes on one listener: started, replaced, restarted after a crash, and stopped in order.

uvicorn's own supervisor closes the listener last, so that new connections are reset or wait for nobody; it replaces one
worker at a time and gives each five seconds to start; and it restarts a worker that crashes again and again at once.
"""

import logging
import signal
import socket
import time
from contextlib import suppress
from types import FrameType

from uvicorn import Config, Server

from dovetail.server.listener import stop_arrivals
from dovetail.server.signals import explain_useless_signals, leave_signals_to_supervisor
from dovetail.server.uvicorn_private import WorkerProcess, WorkerSupervisor
from dovetail.server.worker import GracefulServer, exit_cleanly_on_sigterm

SECONDS_TO_START = 60.0
SECONDS_TO_ANSWER = 10.0  # to a ping, which each worker gets every half second
SECONDS_TO_DIE = 5.0  # after the time that requests have to finish
LONGEST_PAUSE = 30.0  # seconds before a worker that does not start is tried again
logger = logging.getLogger("dovetail.server")


class Worker(WorkerProcess):
    """One worker; it stops when its supervisor ends, even if that was killed."""

    def __init__(self, config: Config, sockets: list[socket.socket]) -> None:
        super().__init__(config, sockets)
        self.serves = False  # whether it has begun to
        self._heard = self._started = time.monotonic()

    def make_server(self) -> Server:
        """Return a server that shares its listener with other workers."""
        return GracefulServer(self.config, is_alone=False)

    def target(self, sockets: list[socket.socket] | None = None) -> None:
        """Serve; runs in the worker's process."""
        _ = self.server  # made now, before a thread asks for it
        self.parent_conn.close()  # the copy that came with this object would keep the pipe open
        exit_cleanly_on_sigterm()
        leave_signals_to_supervisor()
        super().target(sockets)

    def always_pong(self) -> None:
        """Answer the supervisor until it is gone."""
        try:
            super().always_pong()
        except (EOFError, OSError):
            self.server.should_exit = True

    def poll(self) -> None:
        """Read the worker's answers, and ping it again without waiting."""
        with suppress(EOFError, OSError):
            while self.parent_conn.poll():
                self.serves = self.parent_conn.recv() or self.serves
                self._heard = time.monotonic()
            self.parent_conn.send(b"ping")

    def is_hung(self) -> bool:
        """Return whether it has not answered for too long, or did not start in time."""
        since, seconds = (self._heard, SECONDS_TO_ANSWER) if self.serves else (self._started, SECONDS_TO_START)
        return time.monotonic() - since > seconds

    def ending(self) -> str:
        """Return how it ended."""
        code = self.exitcode
        return f"was killed by {signal.Signals(-code).name}" if code and code < 0 else f"exited with {code}"


class Supervisor(WorkerSupervisor):
    """Runs `config.workers` workers until SIGTERM or SIGINT; SIGHUP replaces them by new ones, without a gap."""

    def __init__(self, config: Config, listener: socket.socket, *, is_ours: bool) -> None:
        super().__init__(config, [listener])
        self.listener = listener
        self.is_ours = is_ours  # whether nobody else, as systemd does, goes on to listen
        self.workers: list[Worker] = []
        self.exit_code = 0
        self._retiring: list[tuple[Worker, float]] = []
        self._failures = 0
        self._next_try = 0.0
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop_arrivals_at_once)
        if hasattr(signal, "SIGHUP"):
            signal.signal(signal.SIGHUP, self._restart_once)
        explain_useless_signals(is_alone=False)

    def init_processes(self) -> None:
        """Start the workers."""
        self.workers = [self._start() for _ in range(self.processes_num)]

    def restart_all(self) -> None:
        """Start new workers, and let the old ones finish once all new ones serve; if one fails, keep the old ones."""
        fresh = [self._start() for _ in self.workers]
        if self._wait_for(fresh):
            for old in self.workers:
                self._retire(old)
            self.workers = fresh
            logger.info("%d new workers serve.", len(fresh))
            return
        for worker in fresh:
            worker.kill()
            worker.join()
        if not self._is_told_to_stop():
            logger.error("The new workers did not start, so the old ones go on; what is said above is why.")

    def keep_subprocess_alive(self) -> None:
        """Replace workers that died or hang, and kill those that did not finish in time."""
        self._reap()
        for index, worker in enumerate(self.workers):
            worker.poll()
            if worker.process.is_alive() and not worker.is_hung():
                self._failures = 0 if worker.serves else self._failures
            elif time.monotonic() >= self._next_try:
                self._replace(index, worker)

    def handle_ttou(self) -> None:
        """Have one worker less."""
        if self.processes_num > 1:
            self.processes_num -= 1
            self._retire(self.workers.pop())

    def handle_ttin(self) -> None:
        """Have one worker more."""
        self.processes_num += 1
        self.workers.append(self._start())

    def terminate_all(self) -> None:
        """Close the listener, then tell the workers to finish."""
        self._stop_arrivals()
        self.listener.close()
        for worker in self.workers:
            worker.terminate()

    def join_all(self) -> None:
        """Wait for the workers; kill those that do not end in time."""
        everybody = [*self.workers, *(worker for worker, _ in self._retiring)]
        latest = time.monotonic() + self._patience()
        for worker in everybody:
            worker.process.join(max(0.0, latest - time.monotonic()))
            self._kill_if_alive(worker)

    def _start(self) -> Worker:
        worker = Worker(self.config, [self.listener])
        worker.start()
        return worker

    def _replace(self, index: int, worker: Worker) -> None:
        hung = worker.process.is_alive()
        worker.kill()
        worker.join()
        how = "did not answer and was killed" if hung else worker.ending()
        if (worker.exitcode or 0) > 0 and not any(one.serves for one in self.workers):
            logger.error("Worker %d %s before it served; the server stops.", worker.pid, how)
            self.exit_code = 1
            self.should_exit.set()
            return
        self._failures = 0 if worker.serves else self._failures + 1
        self._next_try = time.monotonic() + min(2.0**self._failures - 1, LONGEST_PAUSE)
        self.workers[index] = self._start()
        logger.warning("Worker %d %s; %d takes its place.", worker.pid, how, self.workers[index].pid)

    def _retire(self, worker: Worker) -> None:
        worker.terminate()
        self._retiring.append((worker, time.monotonic() + self._patience()))

    def _reap(self) -> None:
        now = time.monotonic()
        for worker, latest in self._retiring:
            if now >= latest:
                self._kill_if_alive(worker)
        self._retiring = [(worker, latest) for worker, latest in self._retiring if worker.process.is_alive()]

    def _kill_if_alive(self, worker: Worker) -> None:
        if worker.process.is_alive():
            logger.warning("Worker %d did not end in time and was killed.", worker.pid)
            worker.process.kill()
            worker.process.join()

    def _patience(self) -> float:
        return (self.config.timeout_graceful_shutdown or 0) + SECONDS_TO_DIE

    def _wait_for(self, workers: list[Worker]) -> bool:
        latest = time.monotonic() + SECONDS_TO_START
        while time.monotonic() < latest and not self._is_told_to_stop():
            for worker in (*self.workers, *workers):
                worker.poll()
            if not all(worker.process.is_alive() for worker in workers):
                return False
            if all(worker.serves for worker in workers):
                return True
            time.sleep(0.1)
        return False

    def _is_told_to_stop(self) -> bool:
        return signal.SIGTERM in self.signal_queue or signal.SIGINT in self.signal_queue

    def _stop_arrivals_at_once(self, number: int, _frame: FrameType | None) -> None:
        # systemd and Ctrl+C signal the workers too: none may close the listener before new connections are refused.
        self._stop_arrivals()
        self.signal_queue.append(number)

    def _restart_once(self, number: int, _frame: FrameType | None) -> None:
        if number not in self.signal_queue:  # workers that have not been started yet load the newest code anyway
            self.signal_queue.append(number)

    def _stop_arrivals(self) -> None:
        if self.is_ours and self.listener.fileno() >= 0:
            stop_arrivals(self.listener)
