"""Counts, held against PEFT's own on real models and against the explainer's figures."""

from __future__ import annotations

import warnings
from pathlib import Path
from random import Random

import peft
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from lora_viz.adapter import peft_matching
from lora_viz.adapter.ask import read_adapter_layout
from lora_viz.adapter.layout import AdapterWarning, break_even_rank, lora_parameters, scaling
from lora_viz.adapter.warning_words import other_sentences, unmatched_sentence
from lora_viz.choices.scenario import Scenario
from lora_viz.errors import UserError
from lora_viz.i18n import set_language
from lora_viz.models.catalogue import catalogue
from tests.small_models import FAMILIES, build, random_model

COMBINATIONS = 300


@pytest.mark.parametrize("family", FAMILIES)
def test_counts_equal_pefts_for_random_combinations(family: str, tmp_path: Path) -> None:
    random = Random(family)
    for number in range(-(-COMBINATIONS // len(FAMILIES))):
        small = random_model(random, family)
        targets = random.choice(small.targets)
        rank = random.choice([1, 2, 3, 8, 16, 64, random.randint(1, 1024)])
        bias = random.choice(["none", "all", "lora_only"])
        dora = random.random() < 0.4
        layout = read_adapter_layout(small.write_to(tmp_path / str(number)), targets, bias, dora)
        adapted = adapted_by_peft(small.config, targets, rank, bias, dora)
        trainable, everything = adapted.get_nb_trainable_parameters()
        case = (small, targets, rank, bias, dora)
        assert layout.trainable_parameters(rank) == trainable, case
        assert layout.total_parameters + layout.added_parameters(rank) == everything, case


def adapted_by_peft(
    config: dict, targets: tuple[str, ...], rank: int, bias: str, dora: bool
) -> peft.PeftModel:
    settings = peft.LoraConfig(
        r=rank,
        target_modules=Scenario(target_modules=targets).peft_targets,
        bias=bias,  # type: ignore[arg-type]
        use_dora=dora,
    )
    with torch.device("meta"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return peft.get_peft_model(build(config), settings, low_cpu_mem_usage=True)  # type: ignore[return-value]


@pytest.mark.parametrize(
    ("targets", "rank", "trainable"),
    [
        (("c_attn", "attn.c_proj"), 8, 442_368),
        (("c_attn", "c_proj"), 8, 811_008),
        ((r".*\.attn\.c_(attn|proj)",), 8, 442_368),
        (("c_attn", "attn.c_proj"), 4, 12 * 18_432),
        (("c_attn", "attn.c_proj"), 16, 12 * 73_728),
        (("c_attn", "attn.c_proj"), 32, 12 * 147_456),
    ],
)
def test_gpt2_small_gives_the_known_counts(
    targets: tuple[str, ...], rank: int, trainable: int
) -> None:
    layout = read_adapter_layout("gpt2", targets)
    assert layout.total_parameters == 124_439_808
    assert layout.trainable_parameters(rank) == trainable


def test_fused_experts_are_counted_as_peft_adapts_them() -> None:
    config = {
        "model_type": "mixtral",
        "num_hidden_layers": 1,
        "hidden_size": 32,
        "intermediate_size": 48,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "num_local_experts": 4,
        "vocab_size": 64,
    }
    from lora_viz.adapter.from_peft import layout_from_peft

    with torch.device("meta"):
        layout = layout_from_peft(
            build(config), Scenario(target_modules=("all-linear",)).lora_choices
        )
    trainable, _everything = adapted_by_peft(
        config, ("all-linear",), 5, "none", False
    ).get_nb_trainable_parameters()
    assert layout.trainable_parameters(5) == trainable


def test_a_short_name_that_matches_several_kinds_is_warned_about() -> None:
    layout = read_adapter_layout("gpt2", ("c_attn", "c_proj", "nothing_like_it"))
    several, none = layout.warnings
    assert several == AdapterWarning("ambiguous", "c_proj", ("attn.c_proj", "mlp.c_proj"))
    assert (none.kind, none.name) == ("unmatched", "nothing_like_it")
    assert {"attn.c_attn", "mlp.c_fc", "lm_head"} <= set(none.kinds)
    assert not {"ln_1", "attn"} & set(none.kinds)  # which PEFT cannot adapt
    assert read_adapter_layout("gpt2", ("c_attn", "attn.c_proj")).warnings == ()


def test_one_kept_answer_has_its_warnings_in_both_languages() -> None:
    layout = read_adapter_layout("gpt2", ("c_attn", "c_proj", "nothing_like_it"))
    said = {}
    for language in ("ko", "en"):
        set_language(language)
        sentence = str(unmatched_sentence(layout.warnings))
        assert "“nothing_like_it”" in sentence and "attn.c_attn" in sentence
        said[language] = (sentence, *map(str, other_sentences(layout.warnings)))
    assert said["en"][0].startswith("No layer matches “nothing_like_it”")
    assert not set(said["en"]) & set(said["ko"])


def test_a_name_in_vain_is_seen_beside_names_of_stacked_experts() -> None:
    """PEFT knows w1, w2 and w3 as parts of Mixtral's stacked parameters."""
    layout = read_adapter_layout("mixtral-8x7b", ("w1", "w2", "w3", "q_proj", "w4"))
    (warning,) = layout.warnings
    assert (warning.kind, warning.name) == ("unmatched", "w4")
    assert {"w1", "w2", "w3", "self_attn.q_proj"} <= set(warning.kinds)


def test_every_linear_layer_is_what_peft_takes_it_for_in_any_spelling() -> None:
    config = catalogue()["gpt2"].config | {"n_layer": 2}
    for spelling in ("all-linear", "All-Linear", "ALL-LINEAR"):
        targets = Scenario.make({"targets": spelling}).peft_targets
        with torch.device("meta"):
            adapted, same = (
                peft.get_peft_model(build(config), peft.LoraConfig(target_modules=given))
                for given in (targets, spelling)
            )
        assert adapted.get_nb_trainable_parameters() == same.get_nb_trainable_parameters()


@pytest.mark.parametrize(
    ("targets", "words"),
    [
        (("q_proj",), ("q_proj", "attn.c_attn", "mlp.c_fc")),
        (("attn",), ("“attn”", "GPT2Attention", "attn.c_attn")),
        (("c_attn", "ln_1"), ("“ln_1”", "LayerNorm", "attn.c_attn")),
        ((r".*no_such_layer",), ("no_such_layer", "attn.c_attn", "mlp.c_fc")),
        (("(",), ("regular expression",)),
    ],
)
def test_targets_that_cannot_be_adapted_are_explained(
    targets: tuple[str, ...], words: tuple[str, ...]
) -> None:
    with pytest.raises(UserError) as raised:
        read_adapter_layout("gpt2", targets)
    assert all(word in str(raised.value) for word in words)
    assert "\n" not in str(raised.value)


def test_a_pattern_that_backtracks_without_end_is_given_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(peft_matching, "PATTERN_SECONDS", 0.05)
    with pytest.raises(UserError, match="takes too long"):
        read_adapter_layout("gpt2", ("(.|..|...)*nothing",))


@given(st.integers(1, 60_000), st.integers(1, 60_000))
def test_at_the_break_even_rank_a_and_b_are_as_large_as_w(inside: int, outside: int) -> None:
    rank = break_even_rank(inside, outside)
    below, above = int(rank), int(rank) + 1
    assert lora_parameters(inside, outside, below) <= inside * outside
    assert lora_parameters(inside, outside, above) > inside * outside


def test_scaling_is_what_pefts_layer_uses() -> None:
    for rslora in (False, True):
        model = peft.get_peft_model(
            build({"model_type": "gpt2", "n_layer": 1, "n_embd": 8, "n_head": 2}),
            peft.LoraConfig(r=6, lora_alpha=16, target_modules=["c_attn"], use_rslora=rslora),
        )
        layer = model.get_submodule("base_model.model.transformer.h.0.attn.c_attn")
        assert scaling(6, 16, rslora) == pytest.approx(layer.scaling["default"])  # type: ignore[union-attr]
