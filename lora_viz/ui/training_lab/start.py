"""What stands before a start: whether it can be, what it will take, and the button."""

from __future__ import annotations

import time

import streamlit as st

from lora_viz.choices.scenario import Scenario
from lora_viz.errors import UserError
from lora_viz.figures.wording.names import model_name
from lora_viz.format import binary_size, grouped, size
from lora_viz.i18n import _, plural
from lora_viz.machine.gpus_here import GPUReading, read_gpus
from lora_viz.memory.report import MemoryReport
from lora_viz.models.source import hub_answers
from lora_viz.questions import kept
from lora_viz.questions.ask_for import architecture_of, step_of
from lora_viz.training.availability import longest_sequence, why_not_trainable
from lora_viz.training.data.own_data import is_json_lines
from lora_viz.training.jobs import launch
from lora_viz.training.runs.pace import recorded_pace
from lora_viz.training.settings import (
    AS_TRAINED,
    EMBEDDED_MODEL,
    SCENARIO_DEFAULTS,
    TrainingSettings,
)
from lora_viz.ui.kit import asking
from lora_viz.ui.kit.literal import as_code, as_markdown
from lora_viz.ui.kit.messages import show_error, show_warning
from lora_viz.ui.runs.read import RecordedRun
from lora_viz.ui.runs.words import duration
from lora_viz.ui.serving.reader import claim
from lora_viz.ui.session import state
from lora_viz.ui.session.frames import act_button, may_act, why_not
from lora_viz.ui.training_lab.settings import missing_data

LAST_START = "last-start"
TWICE_SECONDS = 2.0  # a second press within this time is a double click
HUB_ASKED_AGAIN_SECONDS = 60
ANY_HUB_MODEL = "openai-community/gpt2"


@st.cache_data(ttl=HUB_ASKED_AGAIN_SECONDS, show_spinner=False)
def gpus_here() -> tuple[GPUReading, ...]:
    """The GPUs of this machine as they were up to a minute ago."""
    return read_gpus().gpus


@st.cache_data(ttl=HUB_ASKED_AGAIN_SECONDS, show_spinner=False)
def _hub_answers() -> bool:
    return hub_answers(ANY_HUB_MODEL)


def problem() -> str | None:
    """Why the sidebar's scenario cannot be trained here, in one sentence."""
    known = asking.answer_or_reason(
        _("Reading the layers of %s …") % state.scenario().model,
        architecture_of(state.scenario()),
    )
    if isinstance(known, UserError):
        return str(known)
    why_not = why_not_trainable(
        state.scenario(), hub_answers=_hub_answers, has_gpu=bool(gpus_here())
    )
    return str(why_not) if why_not else None


def offer_embedded(why: str) -> None:
    """Say what is missing and offer what needs no network."""
    if state.scenario().model == EMBEDDED_MODEL:
        show_warning(why)
        st.button(_("Train with LoRA instead"), on_click=_use_embedded, type="primary")
        return
    show_warning(why) if _is_known_model() else show_error(why)
    st.markdown(
        _("**%(model)s** comes with this app: %(name)s needs neither a network nor a GPU.")
        % {"model": EMBEDDED_MODEL, "name": model_name(EMBEDDED_MODEL)}
    )
    act_button(
        _("Start with %s") % EMBEDDED_MODEL,
        on_click=_start_embedded,
        type="primary",
        width="stretch",
        key="start-embedded",
    )
    st.button(
        _("Set the sidebar to %s") % EMBEDDED_MODEL,
        on_click=_use_embedded,
        width="stretch",
        key="use-embedded",
    )


def refused_targets() -> str | None:
    """Where PEFT can adapt no layer with these targets: say why, and what to do about it."""
    scenario = state.scenario()
    layout = asking.layout_or_reason(scenario) if scenario.trains_adapter else None
    if not isinstance(layout, UserError):
        return None
    show_warning(str(layout))
    return _("Choose other target modules to start.")


def offer_shorter_sequences() -> str | None:
    """Where sequences are longer than the model reads: say so, and offer the longest it does."""
    longest = longest_sequence(state.scenario().model)
    if longest is None or state.scenario().seq_len <= longest:
        return None
    st.button(
        _("Use sequences of %s tokens") % grouped(longest),
        on_click=state.update,
        kwargs={"seq_len": longest},
        width="stretch",
        key="shorter-sequences",
    )
    return _("This model reads at most %(longest)s tokens; your sequences have %(length)s.") % {
        "longest": grouped(longest),
        "length": grouped(state.scenario().seq_len),
    }


def start_button(runs: list[RecordedRun], missing: str | None) -> None:
    """The one button; jobs that run already are named, since a new one waits for them."""
    waiting = sum(one.is_running for one in runs)
    act_button(
        _("Start training")
        if not waiting
        else _("Start in the queue, after %s") % grouped(waiting),
        on_click=_start,
        type="primary",
        width="stretch",
        disabled=missing is not None,
        key="start-training",
    )
    if not may_act():
        st.caption(why_not())
    elif missing:
        st.caption(as_markdown(missing))


def estimate(settings: TrainingSettings, runs: list[RecordedRun]) -> None:
    """How long and how much memory: what was measured here, and what is simulated."""
    with st.container(border=True):
        st.markdown(f"**{_('Before you start')}**")
        st.markdown(_time_sentence(settings, runs))
        _estimate_memory(settings, runs)


def _time_sentence(settings: TrainingSettings, runs: list[RecordedRun]) -> str:
    pace = recorded_pace(settings, [one.run for one in runs])
    if pace is None:
        return _(
            "Time: **not measured yet on this machine**. It is known once a run like this goes "
            "from its first step to its last without a break."
        )
    values = {
        "steps": grouped(settings.steps),
        "pace": duration(pace.seconds_per_step),
        "other": duration(pace.other_seconds),
        "all": duration(pace.seconds(settings.steps)),
        "run": as_code(pace.run),
    }
    if settings.epochs:
        return _("Time: %(pace)s a step, as measured in %(run)s.") % values
    return (
        plural(
            "Time: about **%(all)s**: %(steps)s step of %(pace)s, evaluations included, and "
            "%(other)s around it, as measured in %(run)s.",
            "Time: about **%(all)s**: %(steps)s steps of %(pace)s, evaluations included, and "
            "%(other)s around them, as measured in %(run)s.",
            settings.steps,
        )
        % values
    )


def _estimate_memory(settings: TrainingSettings, runs: list[RecordedRun]) -> None:
    """The simulated step's peak, and what it is and is not on this machine."""
    gpus = gpus_here()
    has_bfloat16 = any((gpu.compute_capability or 0) >= 8 for gpu in gpus)
    as_run = _as_run(settings, has_bfloat16)
    report = asking.answer_or_reason(_("Simulating a training step …"), step_of(as_run))
    if isinstance(report, UserError):
        st.caption(_("Memory: this step cannot be simulated. %s") % as_markdown(report))
        return
    for sentence in _memory_sentences(report, settings, runs, gpus):
        st.caption(sentence)


def _memory_sentences(
    report: MemoryReport,
    settings: TrainingSettings,
    runs: list[RecordedRun],
    gpus: tuple[GPUReading, ...],
) -> list[str]:
    peak = size(report.peak_allocated)
    if gpus:
        total = gpus[0].total_bytes
        sentence = _("Memory: the simulated step peaks at **%(peak)s** allocated.") % {"peak": peak}
        if total:
            sentence += " " + _("%(card)s has %(total)s.") % {
                "card": as_markdown(gpus[0].name),
                "total": binary_size(total),
            }
        return [sentence]
    said = [
        _(
            "Memory: the simulated step peaks at **%s** on a GPU. That is no estimate for this "
            "machine's CPU, where the process takes more: its resident set also holds libraries "
            "and data."
        )
        % peak
    ]
    pace = recorded_pace(settings, [one.run for one in runs])
    if pace and pace.peak_resident:
        said.append(
            _("%(run)s had a resident set of up to %(peak)s.")
            % {"run": as_markdown(pace.run), "peak": size(pace.peak_resident)}
        )
    return said


def _as_run(settings: TrainingSettings, has_bfloat16: bool) -> Scenario:
    """The scenario as the job will run it: Trainer's loop, and padding for questions."""
    bfloat16 = settings.precision == "bfloat16" or (settings.precision == "auto" and has_bfloat16)
    return settings.scenario.changed(
        **AS_TRAINED,
        training_loop="trainer",
        mixed_precision="bf16" if bfloat16 else "none",
        padding=settings.task == "qa"
        or (settings.task == "own" and is_json_lines(settings.data_file)),
    )


def _is_known_model() -> bool:
    """Whether the model's layers could be read, so that only its weights are missing."""
    return kept.known(architecture_of(state.scenario())) is not None


def _use_embedded() -> None:
    scenario = state.scenario()
    values = SCENARIO_DEFAULTS | {"method": "lora" if scenario.is_quantized else scenario.method}
    state.update(model=values.pop("model"))
    state.update(**values)


def _start_embedded() -> None:
    _use_embedded()
    _start()


def _start() -> None:
    settings, now = state.training(), time.monotonic()
    last_settings, last_time = st.session_state.get(LAST_START, (None, 0.0))
    if settings == last_settings and now - last_time < TWICE_SECONDS:
        return
    if missing := missing_data():
        state.complain(missing)
        return
    try:
        run = launch.start(settings)
    except UserError as error:
        state.complain(str(error))
        return
    st.session_state[LAST_START] = (settings, now)
    claim(run.path)
    state.unpin()
    state.update(run=run.name)
