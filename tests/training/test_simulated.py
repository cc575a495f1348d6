"""A job asks another process for its simulated step, and goes on without an answer."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest
import torch

from lora_viz.choices.scenario import Scenario
from lora_viz.training.settings import TrainingSettings
from lora_viz.training.work import simulated
from lora_viz.training.work.simulated import answer, simulated_peak


@pytest.fixture(autouse=True)
def _beside_a_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    """CUDA stands in, and no step is simulated beside the live model."""

    def refuse(*_given: Any, **_how: Any) -> None:
        raise AssertionError("in the job's own process")

    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(simulated, "simulate_step", refuse)


@pytest.fixture
def scenario() -> Scenario:
    return TrainingSettings().scenario


def test_another_process_is_asked_with_a_limit(
    scenario: Scenario, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[list[str], dict[str, Any], float]] = []

    def run(command: list[str], input: str, timeout: float, **_how: Any) -> Any:
        asked.append((command, json.loads(input), timeout))
        return subprocess.CompletedProcess(command, 0, 'a library prints\n{"peak": 12}\n', "")

    monkeypatch.setattr(subprocess, "run", run)
    assert simulated_peak(scenario, True, "questions", print) == 12
    ((command, question, limit),) = asked
    assert command == [sys.executable, "-m", simulated.__name__] and limit > 0
    assert question["model"] == scenario.model
    assert question["settings"]["training_loop"] == "trainer" and question["settings"]["padding"]


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("raise SystemExit('out of ideas')", "out of ideas"),
        ("import os; os.kill(os.getpid(), 9)", "not simulated"),
        ("print('no JSON')", "not simulated"),
        ("print('[1]')", "not simulated"),
        ("import time; time.sleep(60)", "timed out"),
    ],
)
def test_a_failure_costs_that_figure_only(
    code: str, said: str, scenario: Scenario, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, logged = subprocess.run, list[str]()

    def run(_command: list[str], **how: Any) -> Any:
        return real([sys.executable, "-c", code], **how)

    monkeypatch.setattr(subprocess, "run", run)
    monkeypatch.setattr(simulated, "PATIENCE_SECONDS", 1.0 if "sleep" in code else 60.0)
    assert simulated_peak(scenario, False, "text", logged.append) is None
    assert said in "".join(logged)


def test_a_process_that_cannot_be_started_costs_that_figure_only(
    scenario: Scenario, monkeypatch: pytest.MonkeyPatch
) -> None:
    logged = list[str]()
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    assert simulated_peak(scenario, False, "text", logged.append) is None
    assert "No such file" in "".join(logged)


def test_a_step_that_cannot_be_simulated_is_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    from lora_viz.memory.ask import simulate_step

    monkeypatch.setattr(simulated, "simulate_step", simulate_step)
    assert answer({"model": "no/such-model", "settings": {"target_modules": []}}) == {"peak": None}
