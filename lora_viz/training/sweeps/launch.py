"""Start sweeps in processes of their own; `jobs.launch` stops them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from lora_viz.storage import RUNS, writing_in
from lora_viz.training.folder.reserve import take_room
from lora_viz.training.jobs.launch import place_in_queue, start_process
from lora_viz.training.sweeps.sweep import Sweep

JOB = "lora_viz.training.sweeps.job"


def start(sweep: Sweep) -> None:
    """Do the sweep in a process of its own; a sweep that was cut off goes on with what is left.

    Raises:
        UserError: it runs already, or its folder cannot be written.
    """
    with place_in_queue() as ticket:
        start_process(sweep, JOB, ticket, _beginning(sweep))


@contextmanager
def _beginning(sweep: Sweep) -> Iterator[None]:
    """A sweep that waits for its process."""
    with writing_in(sweep.path, RUNS):
        take_room(sweep.path)
    yield
