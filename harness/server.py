"""A server of the application as `make app` starts it, on a port of its own."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).parents[1]
START_SECONDS = 120
STOP_SECONDS = 15


@dataclass(frozen=True)
class AppServer:
    """A running server: its process and what it has written."""

    process: subprocess.Popen[bytes]
    port: int
    log_file: Path

    @property
    def url(self) -> str:
        """The address of the start page."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self) -> str:
        """Everything that the server wrote to its terminal."""
        return self.log_file.read_text(encoding="utf-8", errors="replace")

    def is_healthy(self) -> bool:
        """Whether the server answers."""
        try:
            with urllib.request.urlopen(f"{self.url}/_stcore/health", timeout=5) as answer:
                return answer.status == 200
        except (urllib.error.URLError, TimeoutError, ConnectionError):
            return False


@contextmanager
def running_server(log_file: Path, folder: Path = REPOSITORY) -> Iterator[AppServer]:
    """Start the application in `folder`, wait until it answers, and stop it at the end.

    Raises RuntimeError, with the server's log, when it ends early or never answers.
    """
    port = free_port()
    command = [sys.executable, "-m", "streamlit", "run", "app.py", f"--server.port={port}"]
    with log_file.open("wb") as log:
        process = subprocess.Popen(
            command, cwd=folder, stdout=log, stderr=subprocess.STDOUT, start_new_session=True
        )
    server = AppServer(process, port, log_file)
    try:
        wait_until_healthy(server)
        yield server
    finally:
        stop(process)


def wait_until_healthy(server: AppServer) -> None:
    """Return when the server answers; RuntimeError with its log when it does not."""
    deadline = time.monotonic() + START_SECONDS
    while not server.is_healthy():
        if server.process.poll() is not None or time.monotonic() > deadline:
            raise RuntimeError(f"The server did not start:\n{server.log}")
        time.sleep(0.1)


def stop(process: subprocess.Popen[bytes]) -> None:
    """Ask the server to end, as Ctrl-C does; end its whole process group if it will not."""
    process.send_signal(signal.SIGINT)
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def free_port() -> int:
    """A TCP port that nothing on this machine listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
