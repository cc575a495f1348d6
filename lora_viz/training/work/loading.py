"""Where a job's model comes from, and what it runs on."""

from __future__ import annotations

import importlib.util
import os
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import transformers

from lora_viz.choices.optimizers import OPTIMIZERS
from lora_viz.choices.scenario import Scenario
from lora_viz.errors import UserError
from lora_viz.i18n import N_
from lora_viz.libraries import library_versions
from lora_viz.models.catalogue import catalogue, weights_folder
from lora_viz.models.source import local_path, resolve
from lora_viz.training.runs.results import Machine
from lora_viz.training.settings import TrainingSettings

# Losses are the same in every run with the same seed only where CUDA's kernels are told to be.
DETERMINISTIC_CUBLAS = ":4096:8"


@dataclass(frozen=True)
class Place:
    """What the job runs on: "cuda" or "cpu", and whether in bfloat16 mixed precision."""

    device: str
    bfloat16: bool


def choose_place(settings: TrainingSettings) -> Place:
    """A GPU if there is one. Raises `UserError` where the settings need what is not there.

    From then on "cuda" is this process's own GPU, where several train together.
    """
    has_gpu = torch.cuda.is_available()
    if has_gpu and own_gpu() > 0:
        torch.cuda.set_device(own_gpu())
    scenario = settings.scenario
    if scenario.is_quantized and not (has_gpu and importlib.util.find_spec("bitsandbytes")):
        raise UserError(
            N_("QLoRA needs an NVIDIA GPU and the package bitsandbytes; choose LoRA here.")
        )
    optimizer = OPTIMIZERS[scenario.optimizer]
    if optimizer.needs_bitsandbytes and not importlib.util.find_spec("bitsandbytes"):
        raise UserError(
            N_("The optimizer %s needs the package bitsandbytes; choose another one."),
            optimizer.label,
        )
    if scenario.attention == "flash_attention_2" and not importlib.util.find_spec("flash_attn"):
        raise UserError(N_("FlashAttention 2 needs the package flash-attn; choose sdpa."))
    wanted = settings.precision == "bfloat16"
    automatic = settings.precision == "auto" and has_gpu and torch.cuda.is_bf16_supported()
    return Place("cuda" if has_gpu else "cpu", wanted or automatic)


def own_gpu() -> int:
    """The number of the GPU that `accelerate launch` gave this process; 0 for the only one."""
    return int(os.environ.get("LOCAL_RANK", "0"))


def silence_libraries() -> None:
    """Keep what the libraries say of themselves out of a job's log."""
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    # PEFT and transformers warn one another's users of names that neither of them changed yet
    warnings.filterwarnings("ignore", category=FutureWarning, module="transformers")


def make_deterministic() -> None:
    """Let CUDA compute the same from the same seed, as far as it can."""
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", DETERMINISTIC_CUBLAS)
    torch.use_deterministic_algorithms(True, warn_only=True)


def describe_machine(place: Place, processes: int) -> Machine:
    """The device, its precision and the versions of the libraries."""
    name = torch.cuda.get_device_name() if place.device == "cuda" else _processor()
    return Machine(
        device=name,
        precision="bfloat16" if place.bfloat16 else "float32",
        processes=processes,
        threads=torch.get_num_threads(),
        software=library_versions(),
    )


def several_were_asked_for() -> bool:
    """Whether `accelerate launch --num_processes 2` or more started this process alone.

    Without `--multi_gpu` and without two GPUs it starts a single process, and says so nowhere, but
    gives it the address at which the processes would have met (accelerate's `simple_launcher`).
    """
    by_accelerate = "ACCELERATE_MIXED_PRECISION" in os.environ
    return by_accelerate and "MASTER_PORT" in os.environ and "WORLD_SIZE" not in os.environ


def load_tokenizer(model: str) -> Any:
    """The model's tokenizer. Raises `UserError`."""
    return _from_pretrained(transformers.AutoTokenizer, model)


def load_tokenizer_here(model: str) -> Any | None:
    """The model's tokenizer if its files are on this machine and can be read, else None."""
    try:
        source = weights_source(model)
        return transformers.AutoTokenizer.from_pretrained(source, local_files_only=True)
    except Exception:  # whatever its files do is told by the job, which needs them
        return None


def load_base(scenario: Scenario, place: Place) -> Any:
    """The base model in the scenario's dtype, on the device. Raises `UserError` or `OSError`."""
    options: dict[str, Any] = {
        "dtype": getattr(torch, scenario.base_dtype),
        "attn_implementation": scenario.attention,
    }
    if scenario.is_quantized:
        options |= {"quantization_config": _four_bits(scenario), "device_map": {"": own_gpu()}}
    model = _from_pretrained(transformers.AutoModelForCausalLM, scenario.model, **options)
    return model if scenario.is_quantized else model.to(place.device)


def need_context(config: Any, seq_len: int) -> None:
    """Raise `UserError` where sequences are longer than the model can read."""
    context = getattr(config, "max_position_embeddings", None)
    if context is not None and seq_len > context:
        raise UserError(
            N_("This model reads at most %(context)s tokens; shorten sequences of %(tokens)s."),
            context=f"{context:,}",
            tokens=f"{seq_len:,}",
        )


def weights_source(model: str) -> str:
    """The folder or the hub id that has a model's weights.

    Raises:
        UserError: the name stands for a configuration only.
    """
    if shipped := weights_folder(model):
        return str(shipped)
    if model in catalogue():
        return catalogue()[model].hub_id
    path = local_path(model)
    if path and path.is_dir():
        return str(path)
    if model.startswith(("custom:", "upload:")) or path:
        raise UserError(
            N_("“%s” is a configuration without weights; name a folder or a hub id."), model[:80]
        )
    return model


def _from_pretrained(kind: Any, model: str, **options: Any) -> Any:
    """Load from this machine if it is there, else from the hub, if that answers at all."""
    source = weights_source(model)
    if Path(source).exists() and not Path(source).is_absolute():
        # the libraries would take this folder for the hub's model
        raise UserError(
            N_("“%s” is a folder here too; name it by its whole path, or start elsewhere."), source
        )
    try:
        return kind.from_pretrained(source, local_files_only=True, **options)
    except OSError:
        if local_path(source):
            raise
    resolve(source)  # says in a sentence why the hub cannot give it, without long waits
    return kind.from_pretrained(source, **options)


def _four_bits(scenario: Scenario) -> Any:
    return transformers.BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type=scenario.quantization,
        bnb_4bit_use_double_quant=scenario.double_quant,
        bnb_4bit_compute_dtype=torch.bfloat16,
    )


def _processor() -> str:
    """The processor's name as the system tells it, or just "CPU"."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return "CPU"
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else "CPU"
