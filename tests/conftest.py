"""Every test run keeps its answers, uploads and training runs in a new folder."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator

import hypothesis
import pytest

from lora_viz.figures.kit import base
from lora_viz.questions import workers

# on a busy machine any example may take long
hypothesis.settings.register_profile(
    "any_machine", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("any_machine")

STORAGE = "LORA_VIZ_STORAGE"
RUNS = "LORA_VIZ_RUNS"


def pytest_configure(config: pytest.Config) -> None:
    """Choose the folder, which all processes share, before the first test process starts.

    Every process computes with one thread, because several share the cores and threads would wait
    for one another. Bytecode is kept, or each of more than a hundred processes would compile the
    whole package anew.
    """
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    sys.dont_write_bytecode = False
    if not hasattr(config, "workerinput"):
        folder = tempfile.TemporaryDirectory(prefix="lora_viz_tests_")
        os.environ[STORAGE] = folder.name
        os.environ[RUNS] = f"{folder.name}/runs"
        config.add_cleanup(folder.cleanup)


@pytest.fixture(scope="session", autouse=True)
def _workers_end_with_the_tests() -> Iterator[None]:
    yield
    workers.stop()


@pytest.fixture(autouse=True)
def _plotly_checks_every_figure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(base, "PLOTLY_CHECKS", True)
