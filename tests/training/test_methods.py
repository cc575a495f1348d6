"""Every method trains, saves what other libraries load, and says what it changed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.numpy import load_file

from lora_viz.training.runs.events import SnapshotEvent, StepEvent
from lora_viz.training.runs.run_folder import Run
from lora_viz.training.runs.snapshots import read_snapshot
from lora_viz.training.settings import TrainingSettings, training_scenario
from lora_viz.training.work import loading
from lora_viz.training.work.measurements import MemoryMeter
from tests.training.jobs import EMBEDDED_FOLDER, SHORT, SMALL, run_here, short_settings


@pytest.mark.parametrize(
    "scenario",
    [
        {"dora": True, "rslora": True, "dropout": 0.1, "gradient_checkpointing": True},
        {"bias": "all", "optimizer": "adamw_loop", "gradient_accumulation": 2},
        {"base_dtype": "bfloat16", "optimizer": "sgd", "gradient_clipping": False},
    ],
    ids=["dora", "biases", "bfloat16"],
)
def test_relatives_of_lora(scenario: dict[str, Any], text_file: Path, tmp_path: Path) -> None:
    _run, result = run_here(tmp_path, "one", short_settings(text_file, scenario, steps=2))
    assert result.state == "finished", result.reason
    passed = {check.name: check.passed for check in result.checks}
    assert passed["reloaded"] and passed["rank"]
    biases = scenario.get("bias") == "all"
    assert passed["base_unchanged"] is passed["adapter_off"] is (None if biases else True)


def test_full_fine_tuning_records_its_real_change(text_file: Path, tmp_path: Path) -> None:
    settings = short_settings(text_file, {"method": "full"}, steps=3)
    run, result = run_here(tmp_path, "full", settings)
    assert result.state == "finished", result.reason
    before = load_file(EMBEDDED_FOLDER / "model.safetensors")
    after = load_file(run.model_folder / "model.safetensors")
    kept = load_file(run.path / "layer_changes.safetensors")
    assert len(result.layer_changes) == 16 and kept
    for change in result.layer_changes:
        name = next(key for key in before if key.endswith(f"{change.layer}.weight"[12:]))
        delta = (after[f"{change.layer}.weight"] - before[name].astype(np.float32)).T
        assert change.shape == delta.shape
        true = np.linalg.svd(delta, compute_uv=False)
        assert change.singular_values == pytest.approx(true, rel=1e-3, abs=1e-5)
        if change.file:
            assert np.array_equal(kept[f"{change.layer}.delta"], delta)
    last = [event for event in run.events() if isinstance(event, SnapshotEvent)][-1]
    assert all(layer.a is None for layer in read_snapshot(run, last))
    assert result.base_sha256_before != result.base_sha256_after


def test_questions_are_asked_before_and_after(tmp_path: Path) -> None:
    settings = TrainingSettings.make(
        SHORT | {"scenario": training_scenario(SMALL | {"seq_len": 128}), "task": "qa", "steps": 2}
    )
    run, result = run_here(tmp_path, "qa", settings)
    assert result.state == "finished", result.reason
    assert result.exact_match_held_out and result.exact_match_held_out.questions == 4
    assert result.exact_match_trained and len(result.samples) == 4
    labels = load_file(run.path / "held_out_tokens.safetensors")["labels"]
    assert (labels[:, 0] == -100).all() and (labels != -100).any(axis=1).all()


def test_stops_when_the_validation_loss_stalls(text_file: Path, tmp_path: Path) -> None:
    settings = short_settings(
        text_file,
        {"target_modules": ("c_attn", "nothing_like_it")},
        steps=50,
        learning_rate=0.0,
        evaluate_every=1,
        stop_when_stalled=2,
    )
    run, result = run_here(tmp_path, "stalled", settings)
    assert result.state == "finished" and result.steps == 3
    in_vain, stalled = (event.message for event in run.events() if event.kind == "notice")
    assert "“nothing_like_it”" in in_vain and "attn.c_proj" in in_vain
    assert "validation loss" in stalled


def test_two_processes_are_gradient_accumulation_of_two(text_file: Path, tmp_path: Path) -> None:
    options = ["--data", str(text_file), "--rank", "4", "--batch-size", "2", "--seq-len", "32"]
    options += ["--steps", "3", "--snapshot-every", "0", "--evaluation-sequences", "2"]
    # without --multi_gpu, accelerate starts one process where there are not two GPUs
    launcher = [sys.executable, "-m", "accelerate.commands.launch", "--multi_gpu"]
    launcher += ["--num_processes", "2"]
    done = subprocess.run(
        [*launcher, "-m", "lora_viz", "train", *options, "--out", str(tmp_path / "two"), "--json"],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""},
    )
    assert done.returncode == 0, done.stderr
    described = json.loads(done.stdout)
    assert described["state"] == "finished" and described["result"]["machine"]["processes"] == 2
    settings = TrainingSettings.make(described["settings"])
    scenario = settings.scenario.changed(gradient_accumulation=2)
    one, _result = run_here(tmp_path, "one", settings.changed(scenario=scenario))
    assert _losses(Run(tmp_path / "two")) == pytest.approx(_losses(one), rel=1e-4)


@pytest.mark.parametrize(
    ("options", "status", "reason", "is_kept"),
    [
        (["--data", "/no/such/file"], 2, "cannot be read", False),
        (["--seq-len", "100000"], 1, "reads at most 256 tokens", True),
    ],
)
def test_the_command_line_fails_with_a_status_and_one_sentence(
    options: list[str], status: int, reason: str, is_kept: bool, tmp_path: Path
) -> None:
    command = [sys.executable, "-m", "lora_viz", "train", *options, "--out", str(tmp_path / "x")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    said = done.stdout + done.stderr
    assert done.returncode == status and reason in said and "Traceback" not in said
    assert (tmp_path / "x").exists() is is_kept


def test_a_gpu_is_read_through_torch_and_nvml(monkeypatch: pytest.MonkeyPatch) -> None:
    """A stand-in for what this machine may not have: the code between is the same."""
    from lora_viz.machine.gpus_here import GPUReading, MachineReading
    from lora_viz.training.work import measurements

    gpu = GPUReading(1, "stand-in", 100, 40, 60, 8.6, 0.5, "1")
    monkeypatch.setattr(measurements, "read_gpus", lambda: MachineReading((gpu,)))
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "1")
    values = {
        "memory_allocated": 10,
        "memory_reserved": 20,
        "max_memory_allocated": 15,
        "max_memory_reserved": 25,
        "current_device": 0,
        "reset_peak_memory_stats": None,
    }
    for name, value in values.items():
        monkeypatch.setattr(torch.cuda, name, lambda value=value: value)
    meter = MemoryMeter("cuda")
    meter.start()
    reading = meter.read()
    assert (reading.allocated, reading.reserved, reading.peak_allocated) == (10, 20, 15)
    assert (reading.device_used, reading.device_total, reading.utilisation_percent) == (40, 100, 50)
    assert meter.cuda_peaks() == (15, 25)


def test_each_process_loads_4_bit_weights_onto_its_own_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    """With stand-ins for two GPUs and for what loads."""
    chosen: list[int] = []
    options: dict[str, Any] = {}
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda: True)
    monkeypatch.setattr(torch.cuda, "set_device", chosen.append)
    monkeypatch.setattr(loading.importlib.util, "find_spec", lambda _name: True)
    monkeypatch.setattr(loading, "_four_bits", lambda _scenario: "packed")
    monkeypatch.setattr(loading, "_from_pretrained", lambda *_what, **how: options.update(how))
    settings = TrainingSettings.make({"scenario": training_scenario({"method": "qlora"})})
    for rank, expected in (("1", 1), ("0", 0)):
        monkeypatch.setenv("LOCAL_RANK", rank)
        loading.load_base(settings.scenario, loading.choose_place(settings))
        assert options["device_map"] == {"": expected}
    assert chosen == [1]


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device here")
def test_a_job_on_a_gpu_measures_it(text_file: Path, tmp_path: Path) -> None:
    run, result = run_here(tmp_path, "gpu", short_settings(text_file), simulates_memory=True)
    assert result.state == "finished", result.reason
    assert all(check.passed for check in result.checks)
    assert result.memory and result.memory.peak_allocated and result.memory.peak_reserved
    steps = [event for event in run.events() if isinstance(event, StepEvent)]
    assert all(event.memory.peak_allocated for event in steps)


def _losses(run: Run) -> list[float]:
    return [event.loss for event in run.events() if isinstance(event, StepEvent)]
