"""One training step of a stand-in model, as `transformers.Trainer` runs it, recorded.

Importing this module loads torch, transformers and peft.
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Mapping
from typing import Any

import torch
from torch import nn
from torch._subclasses.fake_tensor import FakeTensorMode

from lora_viz.memory.settings import StepSettings
from lora_viz.memory.torch_step.block_hooks import watch
from lora_viz.memory.torch_step.classify import mark_trained, mark_weights
from lora_viz.memory.torch_step.cuda import (
    AsOnCuda,
    autocast_is_for_cuda,
    cublas_workspace_bytes,
    experts_of,
    not_traced,
)
from lora_viz.memory.torch_step.flash_attention import FlashAttention
from lora_viz.memory.torch_step.four_bits import dora_unpacks
from lora_viz.memory.torch_step.inputs import make_inputs
from lora_viz.memory.torch_step.loading import give_storages, warm_up_allocator
from lora_viz.memory.torch_step.optimizers import make_optimizer
from lora_viz.memory.torch_step.recorder import Recorder
from lora_viz.memory.torch_step.stand_in import StandIn
from lora_viz.memory.trace import Trace

CLIP_NORM = 1.0
# it would write a traceback on the terminal in addition to the sentence that `simulate_step` raises
logging.getLogger("torch._subclasses.fake_tensor").setLevel(logging.CRITICAL)


def record_step(
    stand_in: StandIn,
    lists: list[list[nn.Module]],
    settings: StepSettings,
    times: Mapping[int, int],
) -> Trace:
    """Run forward, backward, clipping and the optimizer without data, and write down the storages.

    Args:
        lists: the model's lists of blocks; the trace is cut at the borders of the blocks, which
            are numbered through all lists.
        times: how many parameters of the whole model each one stands for (`times_of`).
    """
    recorder = Recorder()
    workspace = cublas_workspace_bytes(settings.compute_capability)
    as_on_cuda = AsOnCuda(
        settings.compute_capability,
        recorder.add_flops,
        mask_is_full=not settings.padding,
        tokens=settings.seq_len,
        experts=experts_of(stand_in.base.config),
    )
    flash_attention = FlashAttention(recorder.add_flops, settings.padding)
    with (
        warnings.catch_warnings(),
        FakeTensorMode(allow_non_fake_inputs=True),
        recorder,
        as_on_cuda,
        autocast_is_for_cuda(),
        not_traced(),
        dora_unpacks(),
        flash_attention.installed(stand_in.base),
    ):
        warnings.simplefilter("ignore")
        if settings.is_quantized:
            warm_up_allocator(stand_in.base, times)
        trainable = _set_up(recorder, stand_in, lists, settings)
        borders = watch(recorder, lists)
        recorder.workspace(workspace)
        loss, kept = _loss(stand_in, settings, recorder)
        recorder.begin("backward", None)
        recorder.workspace(workspace)
        _run_backward(loss)
        recorder.begin("backward", None)
        del loss, kept
        for handle in borders:
            handle.remove()
        recorder.begin("optimizer", None)
        mark_trained(recorder, trainable, {})
        if settings.gradient_clipping:
            nn.utils.clip_grad_norm_(trainable, CLIP_NORM, foreach=True)
        optimizer = make_optimizer(settings.optimizer, trainable)
        optimizer.step()
        mark_trained(recorder, trainable, optimizer.state)
        recorder.begin("end", None)
        recorder.close()
    return recorder.trace


def _set_up(
    recorder: Recorder,
    stand_in: StandIn,
    lists: list[list[nn.Module]],
    settings: StepSettings,
) -> list[nn.Parameter]:
    """Give the model its storages, and with accumulation the gradients of earlier batches."""
    blocks = [block for blocks in lists for block in blocks]
    part_of = {id(module): part for part, block in enumerate(blocks) for module in block.modules()}
    give_storages(stand_in.whole, lambda module: recorder.begin("setup", part_of.get(id(module))))
    recorder.begin("setup", None)
    trainable = [p for p in stand_in.whole.parameters() if p.requires_grad]
    mark_weights(recorder, stand_in.whole, part_of)
    if settings.gradient_accumulation > 1:
        for parameter in trainable:
            parameter.grad = torch.empty_like(parameter)
        mark_trained(recorder, trainable, {})
    recorder.begin("forward", None)
    return trainable


def _loss(
    stand_in: StandIn, settings: StepSettings, recorder: Recorder
) -> tuple[torch.Tensor, Any]:
    """The loss, and what the training loop keeps of the model's other outputs.

    `Trainer.compute_loss` returns the loss only, so that the others are freed, and runs the model
    under autocast where weights are in half precision. A plain loop has the outputs in a variable
    until the backward pass is over.
    """
    inputs = make_inputs(stand_in.base, settings)
    for tensor in inputs.values():
        recorder.see(tensor, "activations")
    if not settings.padding:
        inputs.pop("attention_mask")
    if settings.training_loop == "plain":
        outputs = stand_in.whole(**inputs)
        return outputs["loss"], outputs
    if settings.base_dtype == "float32":
        return stand_in.whole(**inputs)["loss"], None
    with torch.autocast("cpu", dtype=getattr(torch, settings.base_dtype)):
        outputs = stand_in.whole(**inputs)
    _as_float32(outputs)
    return outputs["loss"], None


def _run_backward(loss: torch.Tensor) -> None:
    """`loss.backward()`, which would itself be a function that the mode above takes off for.

    What is computed again for gradient checkpointing has to run with the mode's corrections.
    """
    torch.autograd.Variable._execution_engine.run_backward(  # type: ignore[attr-defined]
        (loss,),
        (torch.ones_like(loss),),
        False,
        False,
        (),
        allow_unreachable=True,
        accumulate_grad=True,
    )


def _as_float32(outputs: Any) -> None:
    """accelerate's `convert_outputs_to_fp32`, which wraps the model under mixed precision."""
    for name, value in list(outputs.items()):
        if isinstance(value, torch.Tensor) and value.is_floating_point():
            outputs[name] = value.float()
