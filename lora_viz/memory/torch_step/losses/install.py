"""Puts a loss that never holds all logits where a language model's own loss is.

Importing this module loads torch and transformers.
"""

from __future__ import annotations

from collections.abc import Callable
from types import MethodType
from typing import Any

import torch
from peft.tuners.lora import LoraLayer
from peft.tuners.tuners_utils import BaseTunerLayer
from transformers.modeling_outputs import CausalLMOutputWithPast

from lora_viz.choices.losses import LOSSES
from lora_viz.errors import UserError
from lora_viz.i18n import N_
from lora_viz.memory.settings import StepSettings
from lora_viz.memory.torch_step.inputs import predicts_next_token
from lora_viz.memory.torch_step.losses.chunked import chunked_loss
from lora_viz.memory.torch_step.losses.chunked_output import chunked_output_loss
from lora_viz.memory.torch_step.losses.cut import cut_loss
from lora_viz.memory.torch_step.losses.fused import fused_loss
from lora_viz.memory.torch_step.losses.notes import Notes

Compute = Callable[[torch.Tensor, Any, torch.Tensor, Notes], torch.Tensor]
COMPUTE: dict[str, Compute] = {
    "chunked": chunked_loss,
    "chunked_output": chunked_output_loss,
    "fused": fused_loss,
    "cut": cut_loss,
}
# what the whole model is told and its blocks are not
OF_THE_HEAD = ("labels", "logits_to_keep", "return_dict", "num_items_in_batch")


def check_loss(model: Any, settings: StepSettings) -> None:
    """Refuse a loss that the model, before it is adapted, cannot be trained with.

    Raises:
        UserError: the model predicts no next token, or the loss computes in half precision only.
    """
    loss = LOSSES[settings.loss]
    if loss.name == "full":
        return
    if not predicts_next_token(model) or model.get_output_embeddings() is None:
        raise UserError(
            N_(
                "The loss of %(library)s is for models that predict the next token, which a "
                "%(class)s does not; choose the loss “full”."
            ),
            **{"library": loss.library, "class": type(model).__name__},
        )
    if settings.base_dtype == "float32" and not loss.in_float32:
        raise UserError(
            N_("%s trains in half precision only; choose bfloat16 or another loss."), loss.library
        )


def install_loss(model: Any, settings: StepSettings, notes: Notes) -> None:
    """Let `model`, transformers' own within PEFT's, return this loss and no logits.

    The blocks run as they are. As TRL's `add_fused_lm_head` and Liger's `lce_forward` do, the
    loss is computed of what they return, with the head's weight. Factors and caps of logits change
    no size and are left out.

    Raises:
        UserError: an adapter lies on the head, which the loss would never train.
    """
    if settings.loss == "full":
        return
    loss, compute = LOSSES[settings.loss], COMPUTE[settings.loss]
    if not loss.runs_head and _is_adapted(model.get_output_embeddings()):
        raise UserError(
            N_(
                "The loss of %s multiplies by the head's weight itself, so that an adapter on the "
                "head would not be trained; take the head out of the target modules, or choose "
                "the loss “full”."
            ),
            loss.library,
        )

    def forward(self: Any, *args: Any, **kwargs: Any) -> CausalLMOutputWithPast:
        labels = kwargs["labels"]
        of_blocks = {
            name: value
            for name, value in kwargs.items()
            if name not in OF_THE_HEAD and value is not None
        }
        outputs = self.base_model(*args, **of_blocks)
        value = compute(outputs[0], self.get_output_embeddings(), labels, notes)
        return CausalLMOutputWithPast(
            loss=value,  # type: ignore[arg-type]
            past_key_values=getattr(outputs, "past_key_values", None),
        )

    model.forward = MethodType(forward, model)


def _is_adapted(head: Any) -> bool:
    return isinstance(head, (LoraLayer, BaseTunerLayer))
