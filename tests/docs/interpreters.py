"""A process that stands in for `python` in the shell of a reader: each command is forked off with its modules imported.

Importing them anew took most of the time in which the pages are followed. What a command is given and does is as ever:
its arguments, folder, environment, streams and end. It knows no module of a site before it begins.
"""

import atexit
import gc
import json
import os
import runpy
import signal
import socket
import sys
import threading
import traceback
import warnings
from importlib import import_module
from multiprocessing import parent_process
from multiprocessing.connection import wait
from types import ModuleType
from typing import NoReturn

LONGEST = 1_000_000  # bytes of one request: the environment and the text of a block
# Another site has its own; and pytest rewrites the fixtures that it imports.
FOREIGN = ("dovetail.testing.", "multiprocessing.forkserver.", "multiprocessing.popen_forkserver.", "tests.")
QUIET = (DeprecationWarning, PendingDeprecationWarning, ImportWarning, ResourceWarning)


def main(address: str, *modules: str) -> None:
    """Import `modules`, and fork for each command that is sent to the socket at `address`, as long as the tests run."""
    helpers: list[int] = []
    for module in modules:
        import_module(module)
    gc.freeze()
    tests = parent_process()
    assert tests is not None
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(address)
        listening.listen()
        while tests.sentinel not in wait([listening, tests.sentinel]):
            connection, _ = listening.accept()
            helpers = [one for one in helpers if os.waitpid(one, os.WNOHANG) == (0, 0)]
            helpers.append(os.fork())
            if not helpers[-1]:
                listening.close()
                _answer(connection)
            connection.close()


def _answer(connection: socket.socket) -> NoReturn:
    text, streams, _, _ = socket.recv_fds(connection, LONGEST, 3)
    while not text.endswith(b"\n"):
        text += connection.recv(LONGEST)
    command = os.fork()
    if command == 0:
        connection.close()
        for number, stream in enumerate(streams):
            os.dup2(stream, number)
            os.close(stream)
        os._exit(_ended(*json.loads(text)))
    threading.Thread(target=_follow, args=(connection, command), daemon=True).start()
    _, status = os.waitpid(command, 0)
    connection.sendall(str(os.waitstatus_to_exitcode(status)).encode())
    os._exit(0)


def _follow(connection: socket.socket, command: int) -> None:
    """End the command with who has sent it."""
    if not connection.recv(1):
        os.kill(command, signal.SIGTERM)


def _ended(arguments: list[str], folder: str, environment: dict[str, str]) -> int:
    """Run what was asked for and return the exit code."""
    code = 0
    try:
        _begin(folder, environment)
        _run(arguments, folder)
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
        if isinstance(end.code, str):
            sys.stderr.write(f"{end.code}\n")
    except BaseException:  # noqa: BLE001 - as Python does with what nobody catches
        traceback.print_exc()
        code = 1
    for thread in threading.enumerate():
        if thread is not threading.main_thread() and not thread.daemon:
            thread.join()
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    return code


def _begin(folder: str, environment: dict[str, str]) -> None:
    """Be as a Python that has just begun, but for what is imported."""
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115 - until the process ends
    sys.dont_write_bytecode = False
    own = [one for one in sys.path if one.startswith((sys.prefix, sys.base_prefix))]
    sys.path[:] = [*filter(None, environment.get("PYTHONPATH", "").split(os.pathsep)), *own]
    for name in [one for one in sys.modules if f"{one}.".startswith(FOREIGN)]:
        del sys.modules[name]
    warnings.resetwarnings()
    for category in QUIET:
        warnings.simplefilter("ignore", category)


def _run(arguments: list[str], folder: str) -> None:
    while arguments[0] == "-W":
        warnings.simplefilter(arguments[1])  # type: ignore[arg-type]  # the name of an action
        sys.warnoptions.append(arguments[1])
        del arguments[:2]
    kind, *rest = arguments
    if kind == "-m":
        sys.path.insert(0, folder)
        sys.argv = rest
        runpy.run_module(rest[0], run_name="__main__", alter_sys=True)
    elif kind in ("-c", "-"):
        sys.path.insert(0, "")
        sys.argv = [kind, *rest[kind == "-c" :]]
        sys.modules["__main__"] = module = ModuleType("__main__")
        exec(compile(rest[0] if kind == "-c" else sys.stdin.read(), "<string>", "exec"), module.__dict__)
    else:
        sys.path.insert(0, os.path.dirname(os.path.abspath(kind)))  # noqa: PTH100,PTH120 - as Python does
        sys.argv = arguments
        runpy.run_path(kind, run_name="__main__")


if __name__ == "__main__":
    main(*sys.argv[1:])
