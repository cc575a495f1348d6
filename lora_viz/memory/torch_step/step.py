"""One training step of a stand-in model, as `transformers.Trainer` runs it, recorded.

Importing this module loads torch, transformers and peft.
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
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
from lora_viz.memory.torch_step.four_bits import NESTED_CODE_BYTES, dora_unpacks
from lora_viz.memory.torch_step.inputs import make_inputs
from lora_viz.memory.torch_step.loading import warm_up_allocator
from lora_viz.memory.torch_step.losses.install import install_loss
from lora_viz.memory.torch_step.losses.notes import Notes
from lora_viz.memory.torch_step.mixed_precision import GradientScaler
from lora_viz.memory.torch_step.offloading.activations import activations_offloaded
from lora_viz.memory.torch_step.offloading.checkpoints import run_backward
from lora_viz.memory.torch_step.optimizers import make_optimizer, parameter_groups
from lora_viz.memory.torch_step.recorder import Recorder
from lora_viz.memory.torch_step.several_cards.kinds import card_of
from lora_viz.memory.torch_step.several_cards.one_card import OneCard
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
    card = card_of(stand_in, settings, recorder)
    workspace = cublas_workspace_bytes(settings.compute_capability)
    as_on_cuda = AsOnCuda(
        settings.compute_capability,
        recorder.add_flops,
        mask_is_full=not (settings.padding or settings.is_packed),
        tokens=settings.seq_len,
        experts=experts_of(stand_in.base.config),
        is_packed=settings.is_packed,
    )
    rows = settings.batch_size if settings.packing == "one_row" else 0
    flash_attention = FlashAttention(recorder.add_flops, settings.padding, rows)
    notes = Notes(lambda logits: recorder.see(logits, "logits"), recorder.add_flops)
    with (
        warnings.catch_warnings(),
        card.connected(),
        FakeTensorMode(allow_non_fake_inputs=True),
        recorder,
        as_on_cuda,
        autocast_is_for_cuda(),
        not_traced(),
        dora_unpacks(),
        flash_attention.installed(stand_in.base),
    ):
        warnings.simplefilter("ignore")
        if settings.is_quantized and not settings.splits_weights:
            warm_up_allocator(stand_in.base, times)
        trainable = _set_up(recorder, stand_in, lists, card, notes)
        borders = watch(recorder, lists)
        recorder.take_once(workspace, "workspaces")
        batch = _batch(card)  # a loop's variable, until its next batch
        with _saved_where(stand_in, settings) as forget:
            loss, outputs = _loss(card, batch)
        recorder.begin("backward", None)
        recorder.take_once(workspace, "workspaces")
        scaler = GradientScaler() if card.scales_gradients else None
        _backward(scaler.scaled(loss) if scaler else loss)
        forget()
        recorder.begin("backward", None)
        del outputs
        loss = loss.detach()  # logged after the step
        for handle in borders:
            handle.remove()
        recorder.begin("optimizer", None)
        mark_trained(recorder, trainable, {}, settings.optimizer)
        with card.updating():
            if scaler:
                scaler.unscale(trainable)
            if settings.gradient_clipping:
                nn.utils.clip_grad_norm_(trainable, CLIP_NORM, foreach=True)
            groups = parameter_groups(stand_in.whole, settings.training_loop)
            optimizer = make_optimizer(settings.optimizer, groups)
            optimizer.step()
        mark_trained(recorder, trainable, optimizer.state, settings.optimizer)
        recorder.begin("end", None)
        recorder.close()
    return recorder.trace


def _set_up(
    recorder: Recorder,
    stand_in: StandIn,
    lists: list[list[nn.Module]],
    card: OneCard,
    notes: Notes,
) -> list[nn.Parameter]:
    """Give the model its storages, and with accumulation the gradients of earlier batches."""
    blocks = [block for blocks in lists for block in blocks]
    part_of = {id(module): part for part, block in enumerate(blocks) for module in block.modules()}
    if card.settings.double_quant:
        recorder.take_once(NESTED_CODE_BYTES, "quantization")
    card.load(lambda module: recorder.begin("setup", part_of.get(id(module))))
    recorder.begin("setup", None)
    trainable = [p for p in stand_in.whole.parameters() if p.requires_grad]
    mark_weights(recorder, stand_in.whole, part_of)
    install_loss(stand_in.base, card.settings, notes)
    if card.settings.gradient_accumulation > 1:
        card.accumulate(trainable, lambda: _backward(_loss(card, _batch(card))[0]))
    recorder.begin("forward", None)
    return trainable


def _batch(card: OneCard) -> dict[str, Any]:
    """What a data collator made, on the device until the step's end: accelerate's loader put it
    there, and the variable of the loop over its batches holds it."""
    batch: dict[str, Any] = dict(make_inputs(card.stand_in.base, card.settings))
    for tensor in batch.values():
        card.recorder.see(tensor, "activations")
    return batch


def _loss(card: OneCard, batch: Mapping[str, Any]) -> tuple[torch.Tensor, Any]:
    """The loss, and what the training loop keeps of the model's other outputs.

    `Trainer.compute_loss` returns the loss only, so that the others are freed. It runs the model
    under autocast where it is told bf16 or fp16; weights in half precision alone do not make it do
    so (`TrainingArguments.bf16`, `Accelerator.prepare_model`). A plain loop has the outputs in a
    variable until the backward pass is over.
    """
    settings = card.settings
    names = [name for name in batch if name != "attention_mask" or settings.padding]
    inputs = {name: batch[name] for name in names}
    if settings.is_packed:
        inputs["use_cache"] = False  # as trainers do; with a cache transformers makes no mask of it
    outputs = card.forward(inputs)
    return outputs["loss"], outputs if settings.training_loop == "plain" else None


def _backward(loss: torch.Tensor) -> None:
    run_backward(loss, torch.ones_like(loss))


@contextmanager
def _saved_where(stand_in: StandIn, settings: StepSettings) -> Iterator[Callable[[], None]]:
    """Where what the forward pass saves waits; called when the backward pass is over."""
    if settings.offloading != "activations":
        yield lambda: None
        return
    with activations_offloaded(stand_in.whole, stand_in.base.get_output_embeddings()) as offloading:
        yield offloading.finish
