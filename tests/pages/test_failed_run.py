"""The page about a failed run: a snapshot of a real step, PyTorch's message, and anything else."""

from __future__ import annotations

import pickle

import pytest
from streamlit.testing.v1 import AppTest

from lora_viz.ui.failed_run.given import PASTED
from tests.application import opened
from tests.memory.snapshots.recorded_step import recorded_training

MESSAGE = (
    "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB. GPU 0 has a total "
    "capacity of 7.66 GiB of which 1.23 GiB is free. Of the allocated memory 5.00 GiB is allocated "
    "by PyTorch, and 12.50 MiB is reserved by PyTorch but unallocated."
)


def texts_of(app: AppTest) -> str:
    """All that the page says."""
    return " ".join(str(one.value) for one in (*app.markdown, *app.warning, *app.info))


@pytest.fixture(scope="module")
def page() -> AppTest:
    return opened("failed_run", model="tiny-gpt2", seq_len="32", batch="1")


def test_nothing_given_says_how_a_snapshot_is_taken(page: AppTest) -> None:
    assert "_record_memory_history" in page.code[0].value


def test_a_pasted_message_is_laid_beside_the_simulated_step(page: AppTest) -> None:
    page.text_area(key=PASTED).set_value(MESSAGE).run()
    assert "The run wanted 7.52" in texts_of(page)  # (2 + 5) · 2³⁰ bytes
    page.text_area(key=PASTED).set_value("Killed").run()
    assert "has no message of PyTorch about memory" in texts_of(page)
    assert "7.52" not in texts_of(page)


def test_an_uploaded_snapshot_shows_which_kind_is_too_large(page: AppTest) -> None:
    history = recorded_training(adapts=True, checkpointing=False, length=900)
    page.file_uploader[0].upload(
        "real.pickle", pickle.dumps(history.snapshot()), "application/octet-stream"
    ).run()
    said = texts_of(page)
    highest, _kinds = history.true_kinds_at_highest()
    assert f"{highest:,} bytes" in said
    assert "Activations" in said
    assert not page.exception
