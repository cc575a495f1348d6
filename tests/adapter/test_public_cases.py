"""What people trained in public: PEFT's printed line and the file's bytes, from the settings."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from lora_viz.choices.scenario import Scenario
from lora_viz.cli.reports import checkpoint, count
from tests.public_cases import CASES, PublicCase


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_public_case_has_its_published_numbers(case: PublicCase, tmp_path: Path) -> None:
    settings = dict(case.settings)
    if case.config:
        (tmp_path / "config.json").write_text(json.dumps(case.config))
        settings["model"] = str(tmp_path)
    scenario = Scenario.make(settings)
    if scenario.fits_links("model"):
        restored, complaints = Scenario.from_query(scenario.to_query())
        assert (restored, complaints) == (scenario, [])
    counted = count(scenario)
    if case.line:
        trainable, everything, percent = case.line
        assert counted["trainable_parameters"] == trainable
        assert counted["total_parameters_with_adapter"] == everything
        assert round(counted["peft_trainable_percent"], 4) == percent
    if case.file_bytes:
        assert checkpoint(scenario)["adapter_bytes"] == case.file_bytes
    said = "\n".join(counted["warnings"])
    assert all(words in said for words in case.said)
    assert bool(said) == bool(case.said)
