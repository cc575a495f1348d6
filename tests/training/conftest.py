"""One finished run that many tests look at."""

from __future__ import annotations

from pathlib import Path

import pytest

from lora_viz.training import launch
from lora_viz.training.run_folder import Run
from tests.training.jobs import own_text, short_settings, wait_until_gone


@pytest.fixture(scope="session")
def text_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return own_text(tmp_path_factory.mktemp("data"))


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory, text_file: Path) -> Run:
    """A LoRA run that was started as pages start it, in a process of its own."""
    run = launch.start(short_settings(text_file), "finished", tmp_path_factory.mktemp("runs"))
    wait_until_gone(run)
    assert run.state() == "finished", run.log_file.read_text()
    return run
