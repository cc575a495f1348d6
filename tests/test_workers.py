"""Workers: they end at once, whatever they are doing, and start again when they are asked."""

from __future__ import annotations

import multiprocessing
import os
import threading
import time

import pytest

from lora_viz import workers
from lora_viz.errors import UserError

LONG = 40  # seconds that nobody waits for


def test_stopping_ends_a_busy_worker_and_what_waits_behind_it() -> None:
    busy = [workers.submit(time.sleep, LONG) for _question in range(2 * workers.WORKERS)]
    workers.stop()
    for question in busy:
        with pytest.raises(UserError, match="stopped"):
            workers.wait_for(question)
    assert workers.wait_for(workers.submit(os.getpid)) != os.getpid()


def test_no_worker_starts_once_the_server_has_ended() -> None:
    workers.stop()
    before = set(multiprocessing.active_children())
    ended = threading.Event()
    ended.set()
    workers.start(ended)
    assert set(multiprocessing.active_children()) <= before


def test_starting_returns_when_every_worker_has_loaded() -> None:
    workers.start(threading.Event())
    processes = {workers.wait_for(workers.submit(os.getpid)) for _question in range(4)}
    assert processes <= {child.pid for child in multiprocessing.active_children()}
