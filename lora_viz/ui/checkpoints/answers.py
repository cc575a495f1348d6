"""What the checkpoint page asks the workers: sizes of everything that a training run saves."""

from __future__ import annotations

from collections.abc import Callable

from lora_viz.checkpoint.parts import CheckpointSizes
from lora_viz.choices.scenario import Scenario
from lora_viz.i18n import _
from lora_viz.questions.question import Answer, Question
from lora_viz.report.sections.files import saved_sizes_by_rank
from lora_viz.ui.kit.asking import answer


def sizes_for(scenario: Scenario) -> CheckpointSizes:
    """The sizes of a scenario's checkpoints, by full fine-tuning and with its adapter."""
    return sizes_by_rank(scenario)(scenario.rank)


def sizes_by_rank(scenario: Scenario) -> Callable[[int], CheckpointSizes]:
    """The same sizes at any rank; nothing more is asked for another one."""

    def ask(question: Question[Answer], /) -> Answer:
        return answer(_("Laying out the files of %s …") % scenario.model, question)

    return saved_sizes_by_rank(scenario, ask)
