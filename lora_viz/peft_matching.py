"""Which modules PEFT's own rules match, without adapting anything.

Importing this module loads torch and peft.
"""

from __future__ import annotations

import re

from peft import LoraConfig
from peft.tuners.tuners_utils import _maybe_include_all_linear_layers, check_target_module_exists
from torch import nn

from lora_viz.errors import UserError
from lora_viz.i18n import _
from lora_viz.meta_model import in_a_sentence
from lora_viz.scenario import ALL_LINEAR


def matched_modules(model: nn.Module, targets: str | list[str]) -> list[str]:
    """The names of the modules that a target list matches, in the model's order.

    Raises:
        UserError: the targets are a string that is not a regular expression.
    """
    config = LoraConfig(target_modules=targets)
    config = _maybe_include_all_linear_layers(config, model)
    try:
        return [
            name
            for name, _module in model.named_modules()
            if name and check_target_module_exists(config, name)
        ]
    except re.error as error:
        raise UserError(not_a_pattern(targets, error)) from None


def not_a_pattern(targets: str | list[str], error: re.error) -> str:
    """One sentence about targets that are no regular expression."""
    return _("“%(pattern)s” is not a regular expression: %(reason)s.") % {
        "pattern": targets,
        "reason": in_a_sentence(error),
    }


def depends_on_numbers(targets: str | list[str]) -> bool:
    """Whether targets can match one block and not another: patterns, and names with numbers."""
    if isinstance(targets, str):
        return targets != ALL_LINEAR
    return any(re.search(r"(^|\.)\d+(\.|$)", target) for target in targets)
