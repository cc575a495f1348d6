"""Every model type that transformers knows is asked about, and torch stays out of who asks."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from lora_viz.choices.scenario import Scenario
from lora_viz.questions import kept
from lora_viz.questions.ask_for import adapter_of

ASK_AND_LOOK = """
import sys
from lora_viz.cli.app import main
try:
    main()
finally:
    print({"torch", "transformers", "peft"} & set(sys.modules) or "none loaded", file=sys.stderr)
"""
# what is said about a model type, beginning to end; each is this application's own sentence
SAID = re.compile(
    r"transformers \S+ has no language model of type “.*”\."
    r"|transformers cannot build a “.*” model from this configuration: its values do not go "
    r"together\.(?: In its own words: “.*”\.)?"
    r"|“.*” is .* in this configuration; it should be .*\."
    r"|PEFT cannot adapt .*\."
    r"|No layer matches .*\."
    r"|This configuration .*\."
)


def model_types() -> list[str]:
    """All that the installed transformers has a configuration for."""
    from transformers import CONFIG_MAPPING

    return sorted(CONFIG_MAPPING)


@pytest.mark.timeout(900)  # more than a minute where nothing else runs
def test_every_model_type_is_answered_in_one_batch(tmp_path: Path) -> None:
    asked = model_types()
    assert len(asked) > 400 and len(asked) == len(set(asked))
    lines = []
    for model_type in asked:
        file = tmp_path / model_type / "config.json"
        file.parent.mkdir()
        file.write_text(json.dumps({"model_type": model_type}))
        lines.append(json.dumps({"model": str(file)}))
    batch = tmp_path / "batch.jsonl"
    batch.write_text("\n".join(lines))
    done = subprocess.run(
        [sys.executable, "-c", ASK_AND_LOOK, "count", "--targets=all-linear", f"--batch={batch}"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0 and done.stderr == "none loaded\n"
    said = dict(zip(asked, map(json.loads, done.stdout.splitlines()), strict=True))
    for model_type, answer in said.items():
        if "error" in answer:
            assert SAID.fullmatch(answer["error"]), model_type
        else:
            assert answer["total_parameters"] > 0 < answer["trainable_parameters"], model_type
    assert sum("error" not in answer for answer in said.values()) > len(asked) / 2
    if "inkling_mm_model" in said:
        assert said["inkling_mm_model"]["total_parameters"] == 1_738_956_597_746


def test_every_count_of_a_layer_whose_sizes_are_tensors_is_a_number(tmp_path: Path) -> None:
    file = tmp_path / "config.json"
    file.write_text('{"model_type": "inkling_mm_model"}')
    layout = kept.compute(adapter_of(Scenario(model=str(file), target_modules=("all-linear",))))
    sizes = [(module.in_features, module.out_features) for module in layout.modules]
    assert (614_400, 614_400) in sizes and {type(size) for pair in sizes for size in pair} == {int}
