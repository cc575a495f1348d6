"""The command line as a user runs it: in a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest


def run(*arguments: str, text: str | None = None) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "lora_viz", *arguments]
    return subprocess.run(command, input=text, capture_output=True, text=True, check=False)


def test_count_answers_as_json() -> None:
    done = run("count", "gpt2", "--rank=8", "--alpha=16", "--targets=c_attn,c_proj", "--json")
    answer = json.loads(done.stdout)
    assert done.returncode == 0 and done.stderr == ""
    assert answer["total_parameters"] == 124_439_808
    assert answer["trainable_parameters"] == 811_008
    assert answer["trainable_percent"] == pytest.approx(100 * 811_008 / 124_439_808)
    assert answer["peft_trainable_percent"] == pytest.approx(0.6475, abs=5e-5)
    assert len(answer["modules"]) == 36
    assert answer["modules"][0] == {
        "name": "transformer.h.0.attn.c_attn",
        "in_features": 768,
        "out_features": 2304,
        "parameters": 24_576,
    }


def test_checkpoint_answers_to_the_byte() -> None:
    done = run("checkpoint", "gpt2", "--targets=c_attn,c_proj", "--adapter-dtype=float32", "--json")
    answer = json.loads(done.stdout)
    assert answer["adapter_bytes"] == 3_253_104
    assert answer["full_model_bytes"] == 497_774_208
    # measured: 9.35 MiB for adapter and optimizer state together
    both = answer["adapter_bytes"] + answer["optimizer_bytes"]
    assert both / 2**20 == pytest.approx(9.35, abs=0.005)


def test_a_batch_goes_on_after_a_bad_line() -> None:
    lines = [
        '{"model": "gpt2", "target_modules": ["c_attn", "attn.c_proj"], "rank": 4}',
        "{not json",
        '{"model": "gpt2", "rank": 0}',
        '{"model": "gpt2", "method": "full"}',
        '["gpt2"]',
        '{"model": "gpt2", "targets": "c_attn", "rank": 1}',
    ]
    done = run("count", "--batch", "-", text="\n".join(lines))
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 0
    assert [answer.get("trainable_parameters") for answer in answers] == [
        221_184,
        None,
        None,
        124_439_808,
        None,
        12 * (768 + 2304),
    ]
    assert all("error" in answers[place] for place in (1, 2, 4))


def test_the_catalogue_is_listed() -> None:
    listed = json.loads(run("models", "--json").stdout)
    assert {"gpt2", "llama-3.1-405b", "t5-base"} <= {row["model"] for row in listed}
    assert "GPT-2 small" in run("models").stdout


@pytest.mark.parametrize(
    "arguments",
    [
        ("count",),
        ("count", "gpt2", "--rank", "0"),
        ("count", "gpt2", "--rank", "many"),
        ("count", "gpt2", "--frobnicate", "3"),
        ("count", "gpt2", "--targets", "no_such_layer"),
        ("count", "there-is-no-such-model"),
        ("count", "--batch", "/no/such/file"),
        ("checkpoint", "gpt2", "--base-dtype", "float7"),
        ("no-such-command",),
    ],
)
def test_errors_are_one_sentence_with_status_2(arguments: tuple[str, ...]) -> None:
    done = run(*arguments)
    assert done.returncode == 2
    assert done.stdout == ""
    assert len(done.stderr.strip().splitlines()) == 1


def test_options_cover_the_whole_scenario() -> None:
    from lora_viz.scenario import Scenario

    shown = run("count", "--help").stdout
    for name in Scenario.fields_by_short_name():
        assert name == "model" or f"--{name}" in shown
