"""What a file is made of: a scenario, and the class of its model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from lora_viz.choices.scenario import Scenario
from lora_viz.errors import UserError
from lora_viz.i18n import N_
from lora_viz.models.source import local_path
from lora_viz.training.runs.public_names import public_name

# PEFT's tasks by the ends of transformers' names of classes
TASKS = {
    "ForCausalLM": "CAUSAL_LM",
    "LMHeadModel": "CAUSAL_LM",
    "ForSequenceClassification": "SEQ_CLS",
    "ForTokenClassification": "TOKEN_CLS",
    "ForQuestionAnswering": "QUESTION_ANS",
}
UNKNOWN_TO_PEFT = "IMAGE_CLS"
STANDS_FOR_A_MODEL = "FOLDER-OR-HUB-ID"


@dataclass(frozen=True)
class Subject:
    """What is written down.

    Attributes:
        class_name: the model's class in transformers (`models.architecture.Architecture`).
    """

    scenario: Scenario
    class_name: str

    def value(self, field: str) -> Any:
        """A field of the scenario."""
        return getattr(self.scenario, field)

    @property
    def task(self) -> str | None:
        """PEFT's task that was chosen, or of the model's class; None where it is none of PEFT's."""
        chosen = self.scenario.task_type
        if chosen != "auto":
            return None if chosen == UNKNOWN_TO_PEFT else chosen
        ends = (task for end, task in TASKS.items() if self.class_name.endswith(end))
        return next(ends, None)

    @property
    def weights(self) -> str | None:
        """What `from_pretrained` loads the model by; None for a configuration without weights."""
        model = self.scenario.model
        path = local_path(model)
        if model.startswith(("custom:", "upload:")) or (path and path.is_file()):
            return None
        name = public_name(model)
        return model if path and "/" not in name else name

    @property
    def is_causal(self) -> bool:
        """Whether the model predicts the next token."""
        return self.task == "CAUSAL_LM"

    def need_one_that_writes(self, trainer: str) -> None:
        """Raise `UserError` where the model writes no text, which these trainers train alone."""
        if not self.is_causal and not self.class_name.endswith("ForConditionalGeneration"):
            raise UserError(
                N_("%(trainer)s trains models that write text, which a %(class)s does not."),
                **{"trainer": trainer, "class": self.class_name},
            )

    @property
    def mixed_precision(self) -> str:
        """accelerate's name of the format in which Trainer computes: no, bf16 or fp16."""
        return {"none": "no"}.get(self.scenario.autocast, self.scenario.autocast)
