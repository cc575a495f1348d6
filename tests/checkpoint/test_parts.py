"""An adapter file by parts, against files that PEFT has written."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest
from safetensors import safe_open

from lora_viz.adapter.ask import read_adapter_layout
from lora_viz.checkpoint.parts import adapter_file_parts
from tests.checkpoint.test_sizes import Combination, really_adapt
from tests.small_models import random_model

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning", "ignore::FutureWarning")

NAMES = {"lora_A": "A", "lora_B": "B", "magnitude": "magnitude", "bias": "bias"}


@pytest.mark.parametrize("family", ["GPT-2", "OPT", "BERT"])
def test_parts_are_those_of_the_file(family: str, tmp_path: Path) -> None:
    model = random_model(Random(3), family)
    chosen = Combination(model, ("all-linear",), 8, "all", True, "bfloat16", "float32")
    really_adapt(chosen).save_pretrained(str(tmp_path))
    file = tmp_path / "adapter_model.safetensors"
    values, sizes = {}, {}
    with safe_open(file, "pt") as saved:
        for key in saved.keys():  # noqa: SIM118 (not a dictionary)
            role = next(role for name, role in NAMES.items() if name in key)
            tensor = saved.get_tensor(key)
            values[role] = values.get(role, 0) + tensor.numel()
            sizes[role] = sizes.get(role, 0) + tensor.nbytes

    layout = read_adapter_layout(
        model.write_to(tmp_path / "model"), chosen.targets, chosen.bias, chosen.dora
    )
    *parts, header = adapter_file_parts(layout, 8, "float32", "bfloat16")
    assert {part.role: part.values for part in parts} == values
    assert {part.role: part.bytes for part in parts} == sizes
    assert header.bytes == file.stat().st_size - sum(sizes.values())
