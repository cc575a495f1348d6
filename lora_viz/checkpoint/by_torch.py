"""What transformers and torch would write for a model without weights.

Importing this module loads torch and transformers; only worker processes and the command line do.
"""

from __future__ import annotations

import tempfile
import zipfile
from collections.abc import Collection
from io import BytesIO
from pathlib import Path
from pydoc import locate
from typing import Any
from unittest.mock import patch

import torch
import transformers
from accelerate.optimizer import move_to_device
from torch import nn
from transformers import Trainer, modeling_utils

from lora_viz.adapter.from_peft import describe_parameter
from lora_viz.adapter.layout import AdapterTensor
from lora_viz.checkpoint.file_formats import StoredTensor, safetensors_bytes
from lora_viz.checkpoint.sizes import OptimizerLayout, SavedFile, tensor_dtype
from lora_viz.choices.optimizers import OPTIMIZERS
from lora_viz.errors import UserError
from lora_viz.i18n import N_


def model_files(model: transformers.PreTrainedModel, dtype: str) -> tuple[SavedFile, ...]:
    """Run `save_pretrained` with the writing of values left out and size what it would write."""
    files: list[SavedFile] = []

    def record(tensors: dict[str, torch.Tensor], path: str, **_metadata: Any) -> None:
        stored = [
            StoredTensor(name, tuple(tensor.shape), str(tensor.dtype).removeprefix("torch."))
            for name, tensor in tensors.items()
        ]
        files.append(SavedFile(Path(path).name, _file_bytes(stored)))

    cast = model.to(getattr(torch, dtype))  # type: ignore[arg-type]
    with (
        patch.object(modeling_utils, "safe_save_file", record),
        tempfile.TemporaryDirectory() as folder,
    ):
        cast.save_pretrained(folder)
    return tuple(files)


def _file_bytes(stored: list[StoredTensor]) -> int:
    """The file's size. Raises `UserError` where a tensor holds no number that weights are."""
    try:
        return safetensors_bytes(stored)
    except (KeyError, ValueError):
        kinds = ", ".join(sorted({tensor.dtype for tensor in stored}))
        raise UserError(
            N_("The files of this model hold values of kinds that are not sized here (%s)."), kinds
        ) from None


def optimizer_layout(
    model: nn.Module,
    optimizer: str,
    adapter_dtype: str,
    base_dtype: str,
    own_ranks: Collection[str] = (),
) -> OptimizerLayout:
    """Take one optimizer step on tensors of one value each and see how its state is saved.

    The parameters are grouped as `Trainer.create_optimizer` groups them; `own_ranks` are layers
    whose rank is one of their own.
    """
    decayed_names = set(Trainer.get_decay_parameter_names(None, model))  # type: ignore[arg-type]
    trained = {name: value for name, value in model.named_parameters() if value.requires_grad}
    decayed = [name for name in trained if name in decayed_names]
    plain = [name for name in trained if name not in decayed_names]
    tensors = [describe_parameter(name, trained[name], True, own_ranks) for name in decayed + plain]
    parameters = [
        _single_value(tensor, tensor_dtype(tensor, adapter_dtype, base_dtype)) for tensor in tensors
    ]
    stepper = _class_of(optimizer)(
        [
            {"params": parameters[: len(decayed)], "weight_decay": 0.01},
            {"params": parameters[len(decayed) :], "weight_decay": 0.0},
        ],
        lr=1e-3,
        **OPTIMIZERS[optimizer].torch_options,
    )
    # accelerate rebuilds the groups, after which they share no tuple: it shows in the pickle
    stepper.load_state_dict(move_to_device(stepper.state_dict(), "cpu"))
    torch.optim.lr_scheduler.LambdaLR(stepper, lambda _step: 1.0)
    stepper.step()
    state = stepper.state_dict()
    moments = max(
        (
            sum(value is not None for value in entry.values()) - 1
            for entry in state["state"].values()
        ),
        default=0,
    )
    return OptimizerLayout(tuple(tensors), max(moments, 0), _pickle_bytes(state))


def _class_of(name: str) -> Any:
    """The class of torch's whose state an optimizer saves.

    Raises:
        KeyError: there is no optimizer of this name.
        ValueError: its file has not torch's form.
    """
    optimizer = OPTIMIZERS[name]
    if not optimizer.state_is_torchs:
        raise ValueError(f"the file of {name} has a form of its own")
    return locate(optimizer.torch_class)


def _single_value(tensor: AdapterTensor, dtype: str) -> nn.Parameter:
    """A stand-in with the same axes, each of size 1, so that a 405B model's state fits here."""
    parameter = nn.Parameter(torch.zeros([1] * len(tensor.shape), dtype=getattr(torch, dtype)))
    parameter.grad = torch.zeros_like(parameter)
    return parameter


def _pickle_bytes(state: dict[str, Any]) -> int:
    """Size of the pickle in the file that `torch.save` makes of an optimizer's state."""
    file = BytesIO()
    torch.save(state, file)
    with zipfile.ZipFile(file) as archive:
        return archive.getinfo("archive/data.pkl").file_size
