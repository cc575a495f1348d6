"""The training lab's settings: the task and its data, how long and how fast, what is recorded."""

from __future__ import annotations

import hashlib
from pathlib import Path

import streamlit as st

from lora_viz import storage
from lora_viz.errors import UserError
from lora_viz.format import grouped
from lora_viz.i18n import _
from lora_viz.training.examples import Task
from lora_viz.training.own_data import MAXIMUM_BYTES, load_own
from lora_viz.ui import controls, state
from lora_viz.ui.controls import TRAINING
from lora_viz.ui.messages import as_written, show_error
from lora_viz.ui.run_words import task_names

UPLOAD, LAST_UPLOAD = "own-data", "last-own-data"
LONGEST_NAME = 80
LEARNING_RATE_STEP = 0.0005


def main_settings() -> None:
    """What most readers change."""
    names = task_names()
    controls.options("task", TRAINING, words=lambda task: names[task])
    if state.training().task == "own":
        _own_data()
    steps, rate = st.columns(2)
    with steps:
        controls.number("steps", TRAINING)
    with rate:
        controls.number("learning_rate", TRAINING, step=LEARNING_RATE_STEP)


def more_settings() -> None:
    """The rest, in a part that is closed at first; what is closed is not drawn."""
    more = st.expander(_("More training settings"), key="more-training", on_change="rerun")
    if not more.open:
        return
    with more:
        controls.options("schedule", TRAINING)
        left, right = st.columns(2)
        with left:
            controls.number("batch_size", "lab")
            controls.number("seed", TRAINING)
            controls.number("evaluate_every", TRAINING)
            controls.number("evaluation_sequences", TRAINING)
            controls.number("warmup_steps", TRAINING)
        with right:
            controls.number("seq_len", "lab")
            controls.number("stop_when_stalled", TRAINING)
            controls.number("snapshot_every", TRAINING)
            controls.number("checkpoint_every", TRAINING)
            controls.number("epochs", TRAINING)
        controls.options("precision", TRAINING)


def missing_data() -> str | None:
    """What is missing of the reader's own data, in one sentence."""
    settings = state.training()
    if settings.task == "own" and not Path(settings.data_file).is_file():
        return _("Upload your text or JSONL first.")
    return None


def _own_data() -> None:
    uploaded = st.file_uploader(
        _("Plain text, or JSONL with prompt and completion in every line"),
        type=["txt", "md", "jsonl", "ndjson"],
        key=UPLOAD,
        max_upload_size=MAXIMUM_BYTES // 10**6,
    )
    if uploaded is not None and uploaded.file_id != st.session_state.get(LAST_UPLOAD):
        st.session_state[LAST_UPLOAD] = uploaded.file_id
        state.update_training(data_file=str(_stored(uploaded.name, uploaded.getvalue())))
    file = Path(state.training().data_file)
    if not file.is_file():
        return
    try:
        task = load_own(file)
    except UserError as error:
        show_error(str(error))
        state.update_training(data_file="", task="own")
        return
    st.caption(as_written(_in_words(file.name, task)))


def _stored(name: str, content: bytes) -> Path:
    """Keep an upload where the job's process finds it, under its own name."""
    plain = Path(name.replace("\\", "/")).name
    short = Path(plain).stem[:LONGEST_NAME] + Path(plain).suffix
    digest = hashlib.sha256(content).hexdigest()[:16]
    return storage.keep("training_data", f"{digest}/{short}", content)


def _in_words(name: str, task: Task) -> str:
    parts = (task.train, task.validation, task.held_out)
    if task.kind == "questions":
        words = _(
            "%(file)s: %(train)s rows to train on, %(validation)s to validate, %(held_out)s held "
            "out."
        )
        counts = [len(part) for part in parts]
    else:
        words = _(
            "%(file)s: %(train)s characters to train on, %(validation)s to validate, "
            "%(held_out)s held out."
        )
        counts = [sum(len(example.completion) for example in part) for part in parts]
    names = ("train", "validation", "held_out")
    return words % {"file": name, **dict(zip(names, map(grouped, counts), strict=True))}
