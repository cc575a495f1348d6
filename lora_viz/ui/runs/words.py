"""What pages call the states of runs, their settings, and durations."""

from __future__ import annotations

from lora_viz.choices.declaration import Declared
from lora_viz.choices.scenario import Scenario
from lora_viz.figures.wording.names import method_name, model_name, run_name
from lora_viz.format import THIN_SPACE, grouped
from lora_viz.i18n import _, plural
from lora_viz.training.settings import TrainingSettings

__all__ = [
    "badge",
    "description",
    "duration",
    "run_name",
    "setting_label",
    "state_names",
    "task_names",
]

BADGES = {
    "finished": "green",
    "stopped": "gray",
    "failed": "red",
    "unreadable": "red",
    "interrupted": "orange",
    "queued": "gray",
}


def state_names() -> dict[str, str]:
    """What each state of a run is called."""
    return {
        "queued": _("queued"),
        "loading": _("loading"),
        "tokenising": _("tokenising"),
        "training": _("training"),
        "evaluating": _("evaluating"),
        "checking": _("checking"),
        "finished": _("finished"),
        "stopped": _("stopped"),
        "failed": _("failed"),
        "interrupted": _("interrupted"),
        "unreadable": _("unreadable"),
    }


def badge(state: str) -> str:
    """A state as a coloured badge."""
    return f":{BADGES.get(state, 'blue')}-badge[{state_names()[state]}]"


def task_names() -> dict[str, str]:
    """What each task is called."""
    return {"style": _("Style"), "qa": _("Questions"), "own": _("Your own")}


def duration(seconds: float) -> str:
    """0.08 → "80 ms", 9.3 → "9.3 s", 75 → "1 min 15 s", 4000 → "1 h 6 min"."""
    if 0 < seconds < 0.995:
        return f"{seconds * 1000:.0f}{THIN_SPACE}ms"
    if seconds < 9.95:
        return f"{seconds:.1f}{THIN_SPACE}s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole}{THIN_SPACE}s"
    if whole < 3600:
        return f"{whole // 60}{THIN_SPACE}min {whole % 60}{THIN_SPACE}s"
    return f"{whole // 3600}{THIN_SPACE}h {whole % 3600 // 60}{THIN_SPACE}min"


def description(settings: TrainingSettings) -> str:
    """What a run trains, in one line."""
    scenario = settings.scenario
    parts = [model_name(scenario.model), method_name(scenario.method)]
    if scenario.trains_adapter:
        parts.append(f"r = {scenario.rank}")
    parts.append(task_names()[settings.task])
    length = (
        plural("%s epoch", "%s epochs", 1 if settings.epochs == 1 else 2) % f"{settings.epochs:g}"
        if settings.epochs
        else plural("%s step", "%s steps", settings.steps) % grouped(settings.steps)
    )
    return " · ".join([*parts, length, _("seed %s") % settings.seed])


def setting_label(field: str) -> str:
    """A setting's label, whether it is the scenario's or the job's."""
    owner: type[Declared] = Scenario if field in Scenario.model_fields else TrainingSettings
    return str(owner.label(field))
