"""One finished run that many tests look at; all tests of jobs wait in one queue."""

from __future__ import annotations

from pathlib import Path

import pytest

from lora_viz.training.jobs import launch
from lora_viz.training.runs.run_folder import Run
from tests.training.jobs import own_text, short_settings, wait_until_gone

HERE = Path(__file__).parent


@pytest.hookimpl(tryfirst=True)  # xdist reads the marks in the same hook
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep these tests in one test process: a machine's jobs, of all its processes, are one queue.

    Two processes would count each other's jobs as ahead, and wait for them.
    """
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.xdist_group("jobs"))


@pytest.fixture(scope="session")
def text_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return own_text(tmp_path_factory.mktemp("data"))


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory, text_file: Path) -> Run:
    """A LoRA run that was started as pages start it, in a separate process."""
    run = launch.start(short_settings(text_file), "finished", tmp_path_factory.mktemp("runs"))
    wait_until_gone(run)
    assert run.state() == "finished", run.log_file.read_text()
    return run
