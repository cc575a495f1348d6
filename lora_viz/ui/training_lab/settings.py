"""The training lab's settings: the task and its data, how long and how fast, what is recorded."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from lora_viz.errors import UserError
from lora_viz.format import grouped
from lora_viz.i18n import _, plural
from lora_viz.questions.ask_for import data_counts_of
from lora_viz.training.data.data_counts import DataCounts
from lora_viz.training.data.own_data import (
    JSON_LINES_SUFFIXES,
    MAXIMUM_MB,
    TEXT_SUFFIXES,
    load_own,
    path_on_disk,
)
from lora_viz.training.data.uploads import keep_data
from lora_viz.training.settings import TrainingSettings
from lora_viz.ui.kit import asking, controls
from lora_viz.ui.kit.controls import TRAINING
from lora_viz.ui.kit.literal import as_markdown
from lora_viz.ui.kit.messages import show_error
from lora_viz.ui.runs.words import task_names
from lora_viz.ui.serving.reader import owner_of_uploads
from lora_viz.ui.session import state
from lora_viz.ui.session.frames import uploader

UPLOAD, REFUSAL, UPLOADS = "own-data", "own-data-refusal", "own-data-uploads"
COUNTED_BYTES = 4 * 2**20  # tokenising more would hold up other readers' questions
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
    """Why the data cannot be trained on, in one sentence, as far as that is known now."""
    settings = state.training()
    if settings.task == "own" and not _is_there(settings.data_file):
        if REFUSAL in st.session_state:
            return _("The file was refused, so nothing is chosen; upload another.")
        return _("Upload your text or JSONL first.")
    return None


def unusable_data() -> str | None:
    """Why a job would fail on the data as it is tokenised; it is asked what the job will do."""
    counts = _counts(state.training())
    return str(counts) if isinstance(counts, UserError) else None


def _own_data() -> None:
    """The file that is chosen, or a place to choose one: never both.

    The browser itself refuses a file that is too large and tells nobody. So there is no older file
    in use while one can be given.
    """
    if state.training().data_file:
        _chosen_file()
    else:
        _uploader()


def _uploader() -> None:
    number = st.session_state.setdefault(UPLOADS, 0)
    uploaded = uploader(
        _("Plain text, or JSONL with prompt and completion in every line, of up to %s MB")
        % MAXIMUM_MB,
        type=[suffix.removeprefix(".") for suffix in (*TEXT_SUFFIXES, *JSON_LINES_SUFFIXES)],
        key=f"{UPLOAD}-{number}",
        max_upload_size=MAXIMUM_MB,
    )
    if uploaded is not None:
        st.session_state[UPLOADS] = number + 1  # an empty place, whatever becomes of this file
        _take(uploaded.name, uploaded.getvalue())
        st.rerun()
    if REFUSAL in st.session_state:
        show_error(st.session_state[REFUSAL])


def _take(name: str, content: bytes) -> None:
    """Choose a file if it can be trained on; else nothing is chosen."""
    st.session_state.pop(REFUSAL, None)
    try:
        file = keep_data(name, content, owner_of_uploads())
        load_own(file)
    except UserError as error:
        st.session_state[REFUSAL] = str(error)
    else:
        state.update_training(data_file=str(file))


def _chosen_file() -> None:
    settings = state.training()
    try:
        sizes = _sizes(settings.data_file, _last_change(settings.data_file))
    except UserError as error:  # it was changed or removed since it was chosen
        _let_go()
        st.session_state[REFUSAL] = str(error)
        st.rerun()
    st.caption(as_markdown(_in_words(sizes, _counts(settings), settings)))
    st.button(_("Choose another file"), on_click=_let_go, width="stretch", key="another-file")


def _let_go() -> None:
    st.session_state.pop(REFUSAL, None)
    state.update_training(data_file="", task="own")


def _is_there(data_file: str) -> bool:
    return bool(data_file) and path_on_disk(data_file).is_file()


def _last_change(data_file: str) -> int:
    try:
        return path_on_disk(data_file).stat().st_mtime_ns
    except (OSError, ValueError):
        return 0


@dataclass(frozen=True)
class _Sizes:
    """A file's parts before they are tokenised: rows, or characters of a text."""

    name: str
    are_rows: bool
    train: int
    validation: int
    held_out: int


@st.cache_data(max_entries=100, show_spinner=False)
def _sizes(data_file: str, last_change: int) -> _Sizes:
    """Read once for each state of the file. Raises `UserError`."""
    del last_change
    task = load_own(data_file)
    are_rows = task.kind == "questions"
    train, validation, held_out = (
        len(part) if are_rows else sum(len(example.completion) for example in part)
        for part in (task.train, task.validation, task.held_out)
    )
    return _Sizes(task.name, are_rows, train, validation, held_out)


def _counts(settings: TrainingSettings) -> DataCounts | UserError | None:
    """What the job will make of the data, or why it will fail; None where that is not asked."""
    seq_len = settings.scenario.seq_len
    if settings.task == "style" and seq_len > 1:  # long texts that ship, for any length
        return None
    if settings.task == "own":
        if not _is_there(settings.data_file):
            return None
        if path_on_disk(settings.data_file).stat().st_size > COUNTED_BYTES:
            return None
    counts = asking.answer_or_reason(_("Counting the data's tokens …"), data_counts_of(settings))
    return None if isinstance(counts, DataCounts) and not counts.are_known else counts


def _in_words(
    sizes: _Sizes, counts: DataCounts | UserError | None, settings: TrainingSettings
) -> str:
    """The file and its parts: as the job will use them, or as they are in the file."""
    tokens = grouped(settings.scenario.seq_len)
    if sizes.are_rows and isinstance(counts, DataCounts):
        return _named(_rows_words(), sizes.name, counts) + _left_out(counts, tokens)
    if sizes.are_rows:
        unknown = _("Rows of more than %s tokens will be left out; the run says how many.")
        return _named(_rows_words(), sizes.name, sizes) + " " + unknown % tokens
    words = _(
        "%(file)s, in characters: %(train)s to train on, %(validation)s to validate, "
        "%(held_out)s held out."
    )
    said = _named(words, sizes.name, sizes)
    if isinstance(counts, DataCounts):
        words = _(
            "In sequences of %(tokens)s tokens: %(train)s to train on, %(validation)s to "
            "validate, %(held_out)s held out."
        )
        said += " " + words % (_parts(counts) | {"tokens": tokens})
    return said


def _rows_words() -> str:
    return _(
        "%(file)s, in rows: %(train)s to train on, %(validation)s to validate, %(held_out)s "
        "held out."
    )


def _left_out(counts: DataCounts, tokens: str) -> str:
    said = ""
    if counts.too_long:
        words = plural(
            "Left out: %(count)s row of more than %(tokens)s tokens.",
            "Left out: %(count)s rows of more than %(tokens)s tokens.",
            counts.too_long,
        )
        said += " " + words % {"count": grouped(counts.too_long), "tokens": tokens}
    if counts.without_tokens:
        words = plural(
            "Left out: %s row whose prompt or completion has no token of this model.",
            "Left out: %s rows whose prompt or completion has no token of this model.",
            counts.without_tokens,
        )
        said += " " + words % grouped(counts.without_tokens)
    return said


def _named(words: str, file: str, numbers: _Sizes | DataCounts) -> str:
    return words % (_parts(numbers) | {"file": file})


def _parts(numbers: _Sizes | DataCounts) -> dict[str, str]:
    return {part: grouped(getattr(numbers, part)) for part in ("train", "validation", "held_out")}
