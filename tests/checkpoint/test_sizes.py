"""Sizes of what training saves, against the files that PEFT and Trainer really write."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from random import Random

import peft
import pytest
import torch
import transformers
from torch.utils.data import Dataset

from lora_viz.adapter.ask import read_adapter_layout
from lora_viz.checkpoint.ask import read_model_files, read_optimizer_layout
from lora_viz.checkpoint.sizes import adapter_bytes, optimizer_bytes
from lora_viz.choices.scenario import Scenario
from tests.small_models import FAMILIES, SmallModel, Targets, build, random_model

# PEFT's and transformers' own warnings about what is tried here on purpose
pytestmark = pytest.mark.filterwarnings("ignore::UserWarning", "ignore::FutureWarning")

DTYPES = ("float32", "float16", "bfloat16")
DOCUMENT_TARGETS = ("c_attn", "c_proj")


@dataclass(frozen=True)
class Combination:
    """A small model and an adapter for it."""

    model: SmallModel
    targets: Targets
    rank: int
    bias: str
    dora: bool
    base_dtype: str
    adapter_dtype: str


def random_combination(number: int) -> Combination:
    """A combination of random sizes; consecutive numbers go through the families."""
    random = Random(number)
    model = random_model(random, FAMILIES[number % len(FAMILIES)])
    return Combination(
        model,
        targets=random.choice(model.targets),
        rank=random.choice([1, 2, 3, 8, 16, 33, 64, 300]),
        bias=random.choice(["none", "none", "all", "lora_only"]),
        dora=random.random() < 0.4,
        base_dtype=random.choice(DTYPES),
        adapter_dtype=random.choice(DTYPES),
    )


@pytest.mark.parametrize("number", range(55))
def test_adapter_file_is_as_large_as_the_one_peft_saves(number: int, tmp_path: Path) -> None:
    chosen = random_combination(number)
    layout = read_adapter_layout(
        chosen.model.write_to(tmp_path / "model"), chosen.targets, chosen.bias, chosen.dora
    )
    adapted = really_adapt(chosen)
    adapted.save_pretrained(str(tmp_path))
    saved = (tmp_path / "adapter_model.safetensors").stat().st_size
    sizes = (chosen.rank, chosen.adapter_dtype, chosen.base_dtype)
    assert adapter_bytes(layout, *sizes) == saved, chosen


@pytest.mark.parametrize(
    ("family", "targets", "bias", "dora", "optimizer"),
    [
        ("GPT-2", ("c_attn", "attn.c_proj"), "none", False, "adamw"),
        ("GPT-2", ("wte", "c_fc"), "all", True, "adamw"),
        ("Llama", ("all-linear",), "lora_only", True, "adamw"),
        ("GPT-NeoX", ("query_key_value",), "none", False, "sgd"),
        ("OPT", None, "none", False, "adamw"),
        ("Qwen2", None, "none", False, "sgd"),
    ],
)
def test_a_checkpoint_is_as_large_as_the_one_trainer_saves(
    family: str, targets: Targets | None, bias: str, dora: bool, optimizer: str, tmp_path: Path
) -> None:
    model = random_model(Random(family), family)
    name, rank, dtypes = model.write_to(tmp_path / "model"), 20, ("float32", "float32")
    trained: torch.nn.Module = build(model.config)
    if targets:
        trained = really_adapt(Combination(model, targets, rank, bias, dora, *dtypes))
    checkpoint = train_one_step(trained, optimizer, tmp_path)

    layout = read_optimizer_layout(name, targets, bias, dora, optimizer, *dtypes)
    state = optimizer_bytes(layout, rank, *dtypes)
    assert state == (checkpoint / "optimizer.pt").stat().st_size
    if targets:
        adapter = read_adapter_layout(name, targets, bias, dora)
        saved = {"adapter_model.safetensors": adapter_bytes(adapter, rank, *dtypes)}
    else:
        saved = {file.name: file.bytes for file in read_model_files(name, "float32")}
    assert saved == {file.name: file.stat().st_size for file in checkpoint.glob("*.safetensors")}


@pytest.mark.parametrize("family", ["GPT-2", "T5", "BERT", "Gemma2"])
@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_model_file_is_as_large_as_the_one_transformers_saves(
    family: str, dtype: str, tmp_path: Path
) -> None:
    model = random_model(Random(5), family)
    build(model.config).to(getattr(torch, dtype)).save_pretrained(tmp_path)
    (file,) = read_model_files(model.write_to(tmp_path / "model"), dtype)
    assert file.bytes == (tmp_path / file.name).stat().st_size


def test_sizes_of_the_explainer_s_training_run() -> None:
    """Measured once with PEFT 0.21 and Trainer: GPT-2 small, r = 8, c_proj twice in each block."""
    dtypes = ("float32", "float32")
    adapter = adapter_bytes(read_adapter_layout("gpt2", DOCUMENT_TARGETS), 8, *dtypes)
    layout = read_optimizer_layout("gpt2", DOCUMENT_TARGETS, "none", False, "adamw", *dtypes)
    assert (adapter, optimizer_bytes(layout, 8, *dtypes)) == (3_253_104, 6_547_275)


def test_a_model_of_405_billion_parameters_is_saved_in_shards() -> None:
    files = read_model_files("llama-3.1-405b", "bfloat16")
    assert len(files) > 1
    assert 405.8e9 * 2 < sum(file.bytes for file in files) < 405.9e9 * 2


def really_adapt(chosen: Combination) -> peft.PeftModel:
    """The small model with weights, adapted by PEFT, in the combination's dtypes."""
    base = build(chosen.model.config).to(getattr(torch, chosen.base_dtype))
    adapted = peft.get_peft_model(
        base,
        peft.LoraConfig(
            r=chosen.rank,
            target_modules=Scenario(target_modules=chosen.targets).peft_targets,
            bias=chosen.bias,  # type: ignore[arg-type]
            use_dora=chosen.dora,
        ),
    )
    for name, parameter in adapted.named_parameters():
        if "lora_" in name:
            parameter.data = parameter.data.to(getattr(torch, chosen.adapter_dtype))
    assert isinstance(adapted, peft.PeftModel)
    return adapted


def train_one_step(
    model: torch.nn.Module, optimizer: str, folder: Path, data: Dataset | None = None
) -> Path:
    """Let Trainer train one step on a CPU and return the folder of its checkpoint."""
    settings = transformers.TrainingArguments(
        output_dir=str(folder / "run"),
        max_steps=1,
        save_steps=1,
        optim="sgd" if optimizer == "sgd" else "adamw_torch_fused",
        use_cpu=True,
        report_to=[],
        disable_tqdm=True,
    )
    transformers.Trainer(model=model, args=settings, train_dataset=data or EightTokens()).train()
    return folder / "run" / "checkpoint-1"


class EightTokens(Dataset):
    """The same eight tokens, twice."""

    def __len__(self) -> int:
        return 2

    def __getitem__(self, _index: int) -> dict[str, torch.Tensor]:
        return {"input_ids": torch.arange(8), "labels": torch.arange(8)}
