"""What stands in for newer functions of PEFT answers as they do."""

from __future__ import annotations

import pytest
from peft.utils.other import get_pattern_key

from lora_viz.adapter import versions_of_peft

NAME = "model.layers.1.self_attn.q_proj"


@pytest.mark.parametrize(
    "patterns", [[], ["q_proj"], ["proj", r"1\..*"], ["v_proj", r"layers\.\d+\.self_attn\.q_proj"]]
)
def test_a_pattern_is_found_as_newer_versions_find_it(patterns: list[str]) -> None:
    expected = get_pattern_key(patterns, NAME)
    assert versions_of_peft.pattern_for(patterns, NAME) == expected
    assert versions_of_peft._first_that_ends_it(patterns, NAME) == expected
