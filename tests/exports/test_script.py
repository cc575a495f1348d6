"""The script is run as it is written: it trains, and PEFT loads what it saves."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch

from lora_viz.cli.reports import count
from lora_viz.exports.formats import export
from lora_viz.training.settings import training_scenario
from tests.training.jobs import SMALL, own_text

ROOT = Path(__file__).parents[2]  # where the embedded model is found by its public name
RELATIVES = {
    "dora": True,
    "rslora": True,
    "bias": "lora_only",
    "dropout": 0.1,
    "padding": True,
    "target_modules": ("all-linear",),
    "base_dtype": "bfloat16",
    "training_loop": "trainer",
    "gradient_checkpointing": True,
    "gradient_accumulation": 2,
    "gradient_clipping": False,
    "optimizer": "adamw_loop",
}


def run_script(scenario: Any, folder: Path) -> Path:
    """Run a scenario's script, and give the folder of what it saved."""
    script = folder / "train.py"
    script.write_text(export("script", scenario, "GPT2LMHeadModel").text, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, script, own_text(folder), "--steps=2", f"--out={folder / 'trained'}"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"CUDA_VISIBLE_DEVICES": "", "HF_HUB_OFFLINE": "1"},
    )
    assert done.returncode == 0, done.stderr
    return folder / "trained"


@pytest.mark.parametrize(
    "changes",
    [{}, RELATIVES, {"adapter_dtype": "bfloat16", "base_dtype": "bfloat16", "optimizer": "sgd"}],
    ids=["lora", "relatives", "bfloat16"],
)
def test_it_trains_what_the_application_counts(changes: dict[str, Any], tmp_path: Path) -> None:
    from peft import PeftModel
    from transformers import AutoModelForCausalLM

    scenario = training_scenario(SMALL | changes)
    saved = run_script(scenario, tmp_path)
    base = AutoModelForCausalLM.from_pretrained(ROOT / "lora_viz/data/tiny_gpt2")
    model = PeftModel.from_pretrained(base, saved, is_trainable=True)
    trained, _everything = model.get_nb_trainable_parameters()
    assert trained == count(scenario)["trainable_parameters"]
    last = [one for name, one in model.named_parameters() if "lora_B" in name]
    assert any(torch.count_nonzero(one) for one in last)


def test_it_trains_a_whole_model(tmp_path: Path) -> None:
    from safetensors.torch import load_file

    scenario = training_scenario(SMALL | {"method": "full"})
    saved = run_script(scenario, tmp_path)
    after = load_file(saved / "model.safetensors")
    before = load_file(ROOT / "lora_viz/data/tiny_gpt2/model.safetensors")
    name = next(name for name in before if name.endswith("h.0.attn.c_attn.weight"))
    assert not torch.equal(after[name], before[name].float())
