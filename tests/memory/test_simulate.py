"""What the simulated step says: held against PEFT's counts, sums, and measured runs."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from peft import LoraConfig, get_peft_model
from peft.import_utils import is_bnb_available
from peft.tuners.lora import LoraLayer
from torch.utils.flop_counter import FlopCounterMode

from lora_viz.choices.scenario import Scenario
from lora_viz.cli.app import app
from lora_viz.errors import UserError
from lora_viz.memory.ask import simulate_step
from lora_viz.memory.measured_runs import accuracies, measured_runs
from lora_viz.memory.report import MemoryReport
from lora_viz.memory.settings import step_settings
from lora_viz.memory.torch_step.cuda import cublas_workspace_bytes
from lora_viz.memory.torch_step.stand_in import prepare_model
from lora_viz.models.meta import build_meta_model
from tests.memory.models import BART, LLAMA, MIXTRAL, T5, targets
from tests.small_models import build


def simulated(folder: Path, config: dict[str, Any], **choices: Any) -> MemoryReport:
    """The report of a small model in a new folder."""
    (folder / "config.json").write_text(json.dumps(config))
    values = {"target_modules": targets(config), "batch_size": 2, "seq_len": 64} | choices
    scenario = Scenario.make(values)
    return simulate_step(str(folder), step_settings(scenario).as_arguments())


def test_trainable_parameters_are_pefts(tmp_path: Path) -> None:
    adapted = get_peft_model(
        build(LLAMA),
        LoraConfig(r=5, target_modules=["q_proj", "v_proj"]),  # type: ignore[arg-type]
    )
    report = simulated(tmp_path, LLAMA, rank=5)
    assert report.trainable_parameters == adapted.get_nb_trainable_parameters()[0]
    assert report.blocks == 6
    assert report.blocks_simulated <= 6


def test_kinds_add_up_to_the_peak(tmp_path: Path) -> None:
    report = simulated(tmp_path, LLAMA, method="full")
    assert sum(report.breakdown.values()) == report.peak_allocated
    assert report.peak_allocated == max(report.phases.values()) == report.reserved_low
    assert report.reserved_high >= report.reserved_low
    assert max(point.total for point in report.curve) <= report.peak_allocated


@pytest.mark.parametrize("config", [LLAMA, BART, MIXTRAL], ids=lambda c: c["model_type"])
def test_operations_are_those_that_torch_counts_in_a_real_step(
    config: dict[str, Any], tmp_path: Path
) -> None:
    """BART would skip layers at random, and Mixtral multiplies groups of tokens in float32."""
    model = build(config)
    model.set_attn_implementation("eager")
    tokens = torch.zeros((2, 64), dtype=torch.int64)
    with FlopCounterMode(display=False) as counter:
        model(input_ids=tokens, labels=tokens).loss.backward()
    report = simulated(tmp_path, config, method="full", attention="eager")
    assert report.flops == counter.get_total_flops()


def test_gradient_checkpointing_takes_less_and_computes_more(tmp_path: Path) -> None:
    plain = simulated(tmp_path, LLAMA, seq_len=256)
    checkpointed = simulated(tmp_path, LLAMA, seq_len=256, gradient_checkpointing=True)
    assert checkpointed.breakdown["activations"] < plain.breakdown["activations"] / 2
    assert checkpointed.flops > plain.flops


def test_packed_weights_take_half_a_byte_and_their_constants(tmp_path: Path) -> None:
    plain = simulated(tmp_path, LLAMA, base_dtype="bfloat16")
    packed = simulated(
        tmp_path, LLAMA, base_dtype="bfloat16", method="qlora", kbit_preparation="none"
    )
    linear = sum(
        weight.numel() for name, weight in build(LLAMA).named_parameters() if "proj" in name
    )
    assert packed.breakdown["weights"] == pytest.approx(
        plain.breakdown["weights"] - 2 * linear + linear / 2, rel=0.001
    )
    assert packed.breakdown["quantization"] >= linear / 64 * 4


def test_packed_weights_get_pefts_own_layer_whatever_the_process_did_before() -> None:
    config = LoraConfig(target_modules=["q_proj"])
    get_peft_model(build(LLAMA), config)  # type: ignore[arg-type]
    scenario = Scenario.make({"target_modules": "q_proj", "method": "qlora"})
    chosen = step_settings(scenario)
    stand_in = prepare_model(build_meta_model(LLAMA), chosen, chosen.lora_choices)
    layers = {type(m).__module__ for m in stand_in.whole.modules() if isinstance(m, LoraLayer)}
    assert layers == {"peft.tuners.lora.bnb"}
    assert "bitsandbytes" not in sys.modules
    assert not is_bnb_available()


def test_cublas_workspace_is_what_torch_documents() -> None:
    assert cublas_workspace_bytes(8.0) == (4096 * 2 + 16 * 8) * 1024
    assert cublas_workspace_bytes(9.0) == 4096 * 8 * 1024


@pytest.mark.parametrize(
    ("targets", "words"),
    [
        ("nothing", "No layer matches the target modules “nothing”"),
        (".*nothing", "No layer matches the target modules “.*nothing”"),
        ("(", "not a regular expression"),
        ("mlp", "PEFT cannot adapt “mlp”, a layer of class LlamaMLP"),
    ],
)
def test_targets_that_cannot_be_adapted_give_one_sentence(
    targets: str, words: str, tmp_path: Path
) -> None:
    with pytest.raises(UserError) as raised:
        simulated(tmp_path, LLAMA, target_modules=targets)
    assert words in str(raised.value)
    assert "\n" not in str(raised.value) and len(str(raised.value)) < 300


def test_flash_attention_of_a_model_without_it_gives_one_sentence(tmp_path: Path) -> None:
    """transformers refuses to load T5 so."""
    with pytest.raises(UserError, match="flash attention"):
        simulated(tmp_path, T5, attention="flash_attention_2")


def test_recorded_accuracies_are_within_what_the_readme_says() -> None:
    runs = {run.id: run for run in measured_runs()}
    assert set(runs) == {row.id for row in accuracies()}
    for row in accuracies():
        assert row.measured == runs[row.id].bytes
        unexplained = row.id.startswith("a100-santacoder-bnb")
        limit = {"torch_peak_allocated": 0.008 if unexplained else 0.0025}.get(row.metric, 0.033)
        assert abs(row.error) < limit, row.id


def test_every_byte_of_eight_recorded_peaks_is_explained_but_some_scalars() -> None:
    """Trainer's running loss and the norm of the gradients are 512 bytes each, on the device."""
    allocated = [row for row in accuracies() if row.metric == "torch_peak_allocated"]
    exact = [row for row in allocated if abs(row.simulated - row.measured) <= 4 * 512]
    assert {row.id.rpartition("-")[0] for row in exact} == {
        "a100-mistral-full", "a100-mistral-lora", "a100-mistral-qlora", "a100-mistral-bnb",
        "a100-santacoder-full",
    }  # fmt: skip
    assert len(exact) == 8


def test_command_line_answers_for_a_configuration(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "config.json").write_text(json.dumps(LLAMA))
    options = "--method lora --rank 4 --targets q_proj --batch-size 1 --seq-len 32 --json"
    app(["memory", str(tmp_path / "config.json"), *options.split()], standalone_mode=False)
    answer = json.loads(capsys.readouterr().out)
    assert answer["peak_allocated_bytes"] == sum(answer["breakdown"].values())
    assert {"forward", "backward", "optimizer"} == set(answer["phases"])
    assert answer["software"]["torch"] == torch.__version__


def test_flash_attention_keeps_nothing_that_grows_with_the_square_of_the_sequence(
    tmp_path: Path,
) -> None:
    shallow = LLAMA | {"num_hidden_layers": 2}

    def peak(attention: str, tokens: int) -> int:
        how = {"attention": attention, "base_dtype": "bfloat16", "batch_size": 1}
        return simulated(tmp_path, shallow, seq_len=tokens, **how).peak_allocated

    short, middle, long = (peak("flash_attention_2", tokens) for tokens in (256, 512, 768))
    assert long - middle == pytest.approx(middle - short, rel=0.05)
    weights_of_attention = 2 * shallow["num_attention_heads"] * 768**2 * 2  # bytes, in two blocks
    assert peak("eager", 768) - long >= weights_of_attention
