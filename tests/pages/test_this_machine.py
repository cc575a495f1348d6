"""The page about this machine, with and without GPUs."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from lora_viz.format import THIN_SPACE
from lora_viz.i18n import Message
from lora_viz.machine.ask import read_torch
from lora_viz.machine.gpus_here import GPUReading, MachineReading
from lora_viz.ui.this_machine import words
from tests.application import opened

CARD = GPUReading(
    index=0,
    name="NVIDIA <b>card</b>",
    total_bytes=24 * 2**30,
    used_bytes=6 * 2**30,
    free_bytes=18 * 2**30,
    compute_capability=8.9,
    utilisation=0.37,
    driver="580.65.06",
)
SILENT = GPUReading(1, "GPU 1", None, None, None, None, None, None)


def open_page(monkeypatch: pytest.MonkeyPatch, reading: MachineReading) -> AppTest:
    monkeypatch.setattr(words, "read_gpus", lambda: reading)
    words.reading_now.clear()
    app = opened("this_machine")
    words.reading_now.clear()
    assert not app.error
    return app


def test_a_machine_without_a_gpu_gets_one_sentence_and_can_look_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    app = open_page(monkeypatch, MachineReading((), Message("There is no driver.")))
    assert [message.value for message in app.info] == ["There is no driver."]
    assert not app.dataframe
    monkeypatch.setattr(words, "read_gpus", lambda: MachineReading((CARD,)))
    app.button(key="look-again").click().run()
    assert not app.info and len(app.dataframe) == 1


def test_a_gpu_is_shown_with_all_that_its_driver_tells(monkeypatch: pytest.MonkeyPatch) -> None:
    app = open_page(monkeypatch, MachineReading((CARD,)))
    assert [m.value.replace(THIN_SPACE, " ") for m in app.metric] == ["18.00 GiB", "37 %", "8.9"]
    table = app.dataframe[0].value
    assert table["Used (B)"].tolist() == ["6,442,450,944"]
    assert table["Driver"].tolist() == ["580.65.06"]


def test_what_a_driver_does_not_tell_is_said_to_be_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    app = open_page(monkeypatch, MachineReading((SILENT,), Message("GPU 0: the GPU is lost.")))
    assert {metric.value for metric in app.metric} == {"not reported"}
    assert len(app.info) == 1


def test_torchs_own_view_comes_from_a_process_that_has_loaded_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import torch

    app = open_page(monkeypatch, MachineReading(()))
    assert any(f"torch {torch.__version__}" in element.value for element in app.main.markdown)
    assert read_torch().devices == tuple(
        map(torch.cuda.get_device_name, range(torch.cuda.device_count()))
    )
