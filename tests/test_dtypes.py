"""The table of number formats agrees with torch, with safetensors and with the choices."""

from __future__ import annotations

from typing import get_args

import pytest
import torch
from safetensors.torch import save

from lora_viz.dtypes import BYTES_PER_VALUE, DTYPES, DType


def test_what_can_be_chosen_is_what_the_table_has() -> None:
    assert get_args(DType) == tuple(DTYPES) == tuple(BYTES_PER_VALUE)


@pytest.mark.parametrize("name", DTYPES)
def test_an_entry_is_as_torch_and_safetensors_have_it(name: str) -> None:
    tensor = torch.zeros(3, dtype=getattr(torch, name))
    assert tensor.element_size() == DTYPES[name].bytes
    assert f'"dtype":"{DTYPES[name].safetensors_name}"'.encode() in save({"x": tensor})
