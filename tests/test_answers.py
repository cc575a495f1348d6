"""Answers come from workers, are kept, and survive a worker's death."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import pytest

from lora_viz import answers
from lora_viz.architecture import Architecture, read_architecture
from lora_viz.errors import UserError


def end_its_own_process(_model: str) -> int:
    os.kill(os.getpid(), signal.SIGKILL)
    return 0


def libraries_in_the_worker(_model: str) -> list[str]:
    return sorted({"torch", "streamlit", "plotly"} & set(sys.modules))


def test_a_worker_that_dies_costs_one_error_message() -> None:
    for _attempt in range(3):
        with pytest.raises(UserError, match="stopped"):
            answers.ask(end_its_own_process, "x")
        assert answers.ask(read_architecture, "gpt2").total_parameters == 124_439_808
        answers.forget()


def test_workers_load_torch_but_no_pages() -> None:
    assert answers.ask(libraries_in_the_worker, "x") == ["torch"]


def test_an_answer_is_found_on_disk_by_the_next_start() -> None:
    first = answers.compute(read_architecture, "distilgpt2")
    answers.forget()
    again = answers.known(read_architecture, "distilgpt2")
    assert isinstance(again, Architecture)
    assert again == first


def test_a_damaged_answer_is_asked_for_again() -> None:
    answers.compute(read_architecture, "gpt2-xl")
    answers.forget()
    answers._file(answers._key(read_architecture, ("gpt2-xl",))).write_text('{"half": ')
    assert answers.known(read_architecture, "gpt2-xl") is None
    assert answers.compute(read_architecture, "gpt2-xl").total_parameters == 1_557_611_200


def test_a_place_that_cannot_be_written_costs_no_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("LORA_VIZ_STORAGE", str(tmp_path / "file" / "folder"))
    answers.forget()
    assert answers.compute(read_architecture, "gpt2").total_parameters == 124_439_808


def test_a_changed_local_config_is_read_again(tmp_path: Path) -> None:
    file = tmp_path / "config.json"
    for layers in (1, 2):
        file.write_text(f'{{"model_type": "gpt2", "n_layer": {layers}, "n_embd": 8, "n_head": 2}}')
        os.utime(file, ns=(layers, layers))
        assert len(answers.compute(read_architecture, str(tmp_path)).blocks) == layers


def test_errors_are_in_the_readers_language_and_not_kept() -> None:
    for _attempt in range(2):
        with pytest.raises(UserError, match="is not a model"):
            answers.ask(read_architecture, "no-such-model")


def test_loading_the_computing_modules_does_not_load_torch() -> None:
    import subprocess

    code = (
        "import sys, lora_viz.reports, lora_viz.ui.page, lora_viz.ui.asking;"
        "print(sorted({'torch', 'transformers', 'peft'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
