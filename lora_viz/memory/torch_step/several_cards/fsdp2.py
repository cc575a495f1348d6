"""FSDP2 as accelerate sets it up, run by torch itself over tensors without data.

Importing this module loads torch, accelerate, transformers and peft.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import torch
from accelerate import FullyShardedDataParallelPlugin
from accelerate.utils import fsdp_utils
from torch import nn
from torch.distributed.fsdp import CPUOffloadPolicy
from torch.distributed.fsdp._fully_shard import (
    _fsdp_collectives,
    _fsdp_common,
    _fsdp_param,
    _fsdp_param_group,
)
from torch.distributed.tensor._sharding_prop import ShardingPropagator
from torch.utils._python_dispatch import _disable_current_modes

from lora_viz.errors import UserError
from lora_viz.i18n import N_
from lora_viz.memory.torch_step.four_bits import Linear4bit
from lora_viz.memory.torch_step.loading import give_storages
from lora_viz.memory.torch_step.mixed_precision import AUTOCAST_DTYPES
from lora_viz.memory.torch_step.recorder import Recorder, storage_of
from lora_viz.memory.torch_step.several_cards.group import MESH, first_of_cards
from lora_viz.memory.torch_step.several_cards.one_card import Inputs, OneCard, under_autocast

Parameters = list[_fsdp_param.FSDPParam]


class Fsdp2Card(OneCard):
    """A card that holds its part of every parameter, gradient and moment, and gathers the rest.

    What is gathered, kept, exchanged and freed is what torch's `fully_shard` does. Its streams are
    one here: what is freed may be taken at once by whatever comes next.
    """

    @contextmanager
    def connected(self) -> Iterator[None]:
        """Have a group of cards, and a record that sees what FSDP2 does to storages."""
        with first_of_cards(self.settings.world_size) as self.mesh, ExitStack() as patches:
            for one in _seen_by(self.recorder):
                patches.enter_context(one)
            if self.offloads:
                for one in _off_the_card(self.recorder):
                    patches.enter_context(one)
            yield

    @property
    def offloads(self) -> bool:
        """Whether parameters, gradients and optimizer state wait in the computer's memory."""
        return self.settings.cpu_offload == "all"

    def load(self, begin: Callable[[nn.Module], None]) -> None:
        """Split the model as it is loaded: the whole one is never on the card.

        With `cpu_ram_efficient_loading` accelerate splits on the meta device and sends each card
        its part of one tensor after the other (`fsdp2_load_full_state_dict`).
        """
        whole, self.begin = self.stand_in.whole, begin
        with self.recorder.paused():
            give_storages(whole, lambda _module: None)
            if self.is_mixed:
                dtype = AUTOCAST_DTYPES[self.settings.mixed_precision]
                whole.forward = under_autocast(whole.forward, dtype)
            shard(whole, self)
        for module in whole.modules():
            begin(module)
            for parameter in module.parameters(recurse=False):
                if self.offloads and is_split(parameter):
                    self.recorder.leaves(parameter)
                else:
                    self.recorder.see(parameter)
            for buffer in module.buffers(recurse=False):
                self.recorder.see(buffer)
            if isinstance(module, Linear4bit):
                for constant in module.quant_state.tensors():
                    self.recorder.see(constant)

    def accumulate(self, _trainable: list[nn.Parameter], batch: Callable[[], None]) -> None:
        """Run a batch without exchanging gradients, as `Accelerator.no_sync` has it.

        Each card then holds the whole gradient of every trained parameter.
        """
        whole: Any = self.stand_in.whole
        with self.recorder.paused():
            whole.set_requires_gradient_sync(False)
            batch()
            whole.set_requires_gradient_sync(True)
        for parameter in _parameters_of(whole):
            self.begin(parameter._module_info.module)
            for gradient in (parameter.unsharded_accumulated_grad, parameter.unsharded_param.grad):
                if gradient is not None:
                    self.recorder.see(gradient, "gradients")
        self.recorder.begin("setup", None)

    @property
    def scales_gradients(self) -> bool:
        """The scaler of sharded gradients adds a few numbers only, which are left out."""
        return False

    def forward(self, inputs: Inputs) -> Any:
        """The model's outputs; its own forward pass is wrapped for mixed precision by now."""
        return self.stand_in.whole(**inputs)

    @contextmanager
    def updating(self) -> Iterator[None]:
        """With everything in the computer's memory, clipping and the step are done there."""
        if not self.offloads:
            yield
            return
        with self.recorder.paused():
            yield


def shard(whole: nn.Module, card: Fsdp2Card) -> None:
    """Let accelerate's `fsdp2_prepare_model` put every block, the embeddings and the rest apart.

    It calls torch's `fully_shard` on each. Under mixed precision it makes trained weights float32.
    It knows packed weights by the name of their class, which tensors without data do not keep, so
    that it is told here: beside such it changes no format, and it leaves those whole whose storage
    is of whole numbers. As in `Accelerator.prepare_model`, `forward` has been wrapped by then.
    """
    packed = {m.weight for m in whole.modules() if isinstance(m, Linear4bit)}
    left_whole = {weight for weight in packed if not weight.is_floating_point()}
    precision = card.settings.mixed_precision if card.is_mixed else "no"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        plugin = FullyShardedDataParallelPlugin(
            fsdp_version=2,
            auto_wrap_policy="transformer_based_wrap",
            cpu_offload=CPUOffloadPolicy(pin_memory=False) if card.offloads else False,
            reshard_after_forward=True,
            cpu_ram_efficient_loading=False,
        )
        if card.is_mixed:
            plugin.set_mixed_precision(precision)
        accelerator: Any = SimpleNamespace(
            state=SimpleNamespace(fsdp_plugin=plugin),
            torch_device_mesh={(MESH,): card.mesh},
            parallelism_config=SimpleNamespace(fsdp_dim_names=(MESH,)),
            mixed_precision="no" if packed else precision,
            device=torch.device("cpu"),
            is_main_process=False,
        )
        plugin.ignored_modules = []
        with patch.object(fsdp_utils, "get_parameters_from_modules", lambda *_: left_whole):
            _prepare(accelerator, whole)


def _prepare(accelerator: Any, whole: Any) -> None:
    """What accelerate does, where it can: weights that two parts of a model share stop it.

    torch looks for them before its first forward pass, so that this is begun here.
    """
    try:
        fsdp_utils.fsdp2_prepare_model(accelerator, whole)
        whole._get_fsdp_state()._lazy_init()
    except (RuntimeError, ValueError) as error:
        raise UserError(
            N_(
                "accelerate and torch cannot split this model by FSDP2, such as where several of "
                "its parts share a weight; choose ZeRO-3 or DDP."
            )
        ) from error


def is_split(parameter: nn.Parameter) -> bool:
    """Whether a card holds its part of a parameter only."""
    return hasattr(parameter, "_local_tensor")


def _parameters_of(whole: nn.Module) -> Iterator[_fsdp_param.FSDPParam]:
    """What FSDP2 knows of each parameter that it has split."""
    seen: set[int] = set()
    for module in whole.modules():
        state = getattr(module, "_get_fsdp_state", None)
        for group in state()._fsdp_param_groups if state else ():
            for parameter in group.fsdp_params:
                if id(parameter) not in seen:
                    seen.add(id(parameter))
                    yield parameter


def _seen_by(recorder: Recorder) -> Iterator[Any]:
    """Patches that let a record see storages that are freed and given back in place.

    FSDP2 frees a gathered weight by taking its storage's bytes (`free_storage`), which no operation
    shows. What it exchanges comes from `allocate`. How a tensor that is spread over cards turns out
    is worked out on tensors that stand for whole ones, which take nothing. The parts of the other
    cards are left out where torch makes all of them to take the first.
    """
    resize = torch.UntypedStorage.resize_
    make_outputs = _fsdp_param.FSDPParam.init_all_gather_outputs
    allocate = _fsdp_collectives.DefaultAllocMixin.allocate
    propagate = ShardingPropagator._propagate_tensor_meta_non_cached
    chunk = _fsdp_common._chunk_with_empty

    def first_chunk(tensor: torch.Tensor, count: int, dim: int) -> list[torch.Tensor]:
        with _disable_current_modes():
            first, *_others = chunk(torch.empty(tensor.shape, device="meta"), count, dim)
        return [tensor.narrow(dim, 0, first.shape[dim])]

    def resize_(storage: Any, size: int) -> Any:
        result = resize(storage, size)
        recorder.resized(storage, "exchange")
        return result

    def init_all_gather_outputs(self: Any, *args: Any, **kwargs: Any) -> None:
        make_outputs(self, *args, **kwargs)
        for tensor in self.all_gather_outputs:
            recorder.see(tensor, "exchange")

    def allocated(self: Any, *args: Any, **kwargs: Any) -> torch.Tensor:
        tensor = allocate(self, *args, **kwargs)
        recorder.see(tensor, "exchange")
        return tensor

    def propagated(self: Any, *args: Any, **kwargs: Any) -> Any:
        with recorder.paused():
            return propagate(self, *args, **kwargs)

    yield patch.object(_fsdp_param, "_chunk_with_empty", first_chunk)
    yield patch.object(torch.UntypedStorage, "resize_", resize_)
    yield patch.object(_fsdp_param.FSDPParam, "init_all_gather_outputs", init_all_gather_outputs)
    yield patch.object(_fsdp_collectives.DefaultAllocMixin, "allocate", allocated)
    yield patch.object(ShardingPropagator, "_propagate_tensor_meta_non_cached", propagated)


def _off_the_card(recorder: Recorder) -> Iterator[Any]:
    """Patches for what goes between the card and the computer's memory, both a CPU's here.

    A part of a parameter is copied onto the card to be gathered (`FSDPParam.all_gather_inputs`);
    a reduced gradient leaves it (`foreach_reduce`).
    """
    inputs_of = _fsdp_collectives._get_param_all_gather_inputs
    reduce = _fsdp_collectives.foreach_reduce

    def gather_inputs(parameters: Parameters) -> list[list[torch.Tensor]]:
        copies = [torch.empty_like(one._sharded_param_data) for one in parameters]
        given = inputs_of(parameters)
        return [
            [copy if _share(tensor, one._sharded_param_data) else tensor for tensor in tensors]
            for one, copy, tensors in zip(parameters, copies, given, strict=True)
        ]

    def foreach_reduce(parameters: Parameters, *args: Any, **kwargs: Any) -> Any:
        result = reduce(parameters, *args, **kwargs)
        for one in parameters:
            gradient = one.sharded_param.grad
            if gradient is not None:
                recorder.leaves(gradient)
        return result

    yield patch.object(_fsdp_collectives, "_get_param_all_gather_inputs", gather_inputs)
    yield patch.object(_fsdp_param_group, "foreach_reduce", foreach_reduce)


def _share(one: torch.Tensor, other: torch.Tensor) -> bool:
    return storage_of(one)._cdata == storage_of(other)._cdata
