"""What the comparison knows of each scenario: its step, its adapter file, its seconds."""

from __future__ import annotations

from dataclasses import dataclass

from lora_viz.checkpoint.sizes import adapter_bytes
from lora_viz.choices.scenario import Scenario
from lora_viz.errors import UserError
from lora_viz.memory.report import MemoryReport
from lora_viz.memory.step_time import step_seconds
from lora_viz.ui.kit.asking import layout_or_reason
from lora_viz.ui.memory.answers import step_of

NAMES = "ABCD"


@dataclass(frozen=True)
class Compared:
    """One scenario with its results; without a report, `reason` says why there is none.

    `adapter_bytes` is None for full fine-tuning, which saves no adapter.
    """

    name: str
    scenario: Scenario
    report: MemoryReport | None
    reason: str
    adapter_bytes: int | None
    seconds: float | None


def compare(scenarios: tuple[Scenario, ...], utilisation: float) -> list[Compared]:
    """The results of each scenario, which are named A, B, C and D."""
    return [
        _compared(name, scenario, utilisation)
        for name, scenario in zip(NAMES, scenarios, strict=False)
    ]


def _compared(name: str, scenario: Scenario, utilisation: float) -> Compared:
    step = step_of(scenario)
    if isinstance(step, UserError):
        return Compared(name, scenario, None, str(step), None, None)
    adapter = _adapter_bytes(scenario) if scenario.trains_adapter else None
    return Compared(name, scenario, step, "", adapter, step_seconds(step, scenario, utilisation))


def _adapter_bytes(scenario: Scenario) -> int | None:
    layout = layout_or_reason(scenario)
    if isinstance(layout, UserError):
        return None
    return adapter_bytes(layout, scenario.rank, *scenario.file_dtypes)
