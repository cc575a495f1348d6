"""Links, JSON and options are all checked by the scenario's one declaration."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lora_viz.choices.scenario import Scenario
from lora_viz.choices.scenario_links import decode
from lora_viz.choices.targets import chosen_targets
from lora_viz.errors import UserError
from lora_viz.training.settings import parse_settings
from lora_viz.ui.session.view import View

NAMES = st.from_regex(r"[a-z_]{1,12}(\.[a-z_]{1,12})?", fullmatch=True)
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "model": st.sampled_from(["gpt2", "llama-3.1-8b", "t5-base", "a/b", "custom:2x64x2x99x64"]),
    "rank": st.integers(1, 1024),
    "target_modules": st.lists(NAMES, min_size=1, max_size=4, unique=True).map(tuple),
    "dora": st.booleans(),
    "alpha": st.one_of(st.integers(1, 65536), st.floats(0.001, 65536)),
    "modules_to_save": st.lists(st.one_of(NAMES, st.just("a,b")), max_size=3).map(tuple),
    "layers_to_transform": st.lists(st.integers(0, 999), max_size=4).map(tuple),
    "layers_pattern": st.lists(NAMES, max_size=2).map(tuple),
    "exclude_modules": st.one_of(
        st.lists(NAMES, max_size=3).map(tuple), st.just((r".*\.h\.[0-3]{1,2}\..*",))
    ),
    "rank_pattern": st.dictionaries(st.one_of(NAMES, st.just(r"h\.\d+,")), st.integers(1, 1024)),
    "alpha_pattern": st.dictionaries(NAMES, st.floats(0.001, 1000), max_size=3),
    "trainable_token_indices": st.one_of(
        st.lists(st.integers(0, 99_999), max_size=9),
        st.dictionaries(NAMES, st.lists(st.integers(0, 99_999), max_size=9), max_size=2),
    ),
    "bias": st.sampled_from(["none", "all", "lora_only"]),
    "dropout": st.floats(0, 0.9),
    "seq_len": st.integers(1, 1_048_576),
    "loss": st.sampled_from(Scenario.options("loss")),
    "offloading": st.sampled_from(Scenario.options("offloading")),
    "packing": st.sampled_from(Scenario.options("packing")),
    "lengths": st.lists(st.integers(1, 1_048_576), max_size=300).map(tuple),
    "language": st.sampled_from(["en", "ko"]),
}


@given(st.fixed_dictionaries({}, optional=VALUES))
def test_a_link_restores_the_scenario(values: dict[str, Any]) -> None:
    scenario = Scenario.make(values)
    restored, complaints = Scenario.from_query(scenario.to_query())
    assert restored == scenario
    assert complaints == []


def test_defaults_are_left_out_of_links() -> None:
    assert Scenario().to_query() == {}
    assert Scenario(rank=16).to_query() == {"rank": "16"}
    assert Scenario(model="llama-3.1-8b").to_query() == {"model": "llama-3.1-8b"}
    assert Scenario(target_modules=("c_attn", "mlp.c_fc")).to_query() == {
        "targets": "c_attn,mlp.c_fc"
    }


def test_the_defaults_are_the_explainers() -> None:
    scenario = Scenario()
    assert (scenario.model, scenario.rank, scenario.alpha) == ("gpt2", 8, 16)
    assert scenario.target_modules == ("c_attn", "attn.c_proj")


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"rank": 0}, ("Rank", "“0”", "1 to 1,024")),
        ({"rank": 1025}, ("Rank", "“1025”")),
        ({"rank": "many"}, ("Rank", "“many”")),
        ({"method": "magic"}, ("Method", "full, lora, qlora")),
        ({"dora": "perhaps"}, ("DoRA", "1 (on) or 0 (off)")),
        ({"targets": ""}, ("Target modules", "c_attn")),
        ({"rnk": 3}, ("“rnk”", "rank")),
    ],
)
def test_a_wrong_value_is_named_with_what_would_be_right(
    values: dict[str, Any], words: tuple[str, ...]
) -> None:
    with pytest.raises(UserError) as raised:
        Scenario.make(values)
    assert all(word in str(raised.value) for word in words)


@given(st.dictionaries(st.sampled_from(list(Scenario.fields_by_short_name())), st.text()))
def test_any_text_in_a_link_gives_a_scenario_or_sentences(query: dict[str, str]) -> None:
    scenario, complaints = Scenario.from_query(query)
    assert Scenario.make(scenario.model_dump()) == scenario
    assert len(complaints) <= len(query)


def test_a_regular_expression_keeps_its_commas() -> None:
    pattern = r".*\.h\.[0-3]\.attn\.(c_attn|c_proj){1,2}"
    scenario = Scenario.make({"targets": pattern})
    assert scenario.peft_targets == pattern
    assert Scenario.make({"targets": "a, b"}).peft_targets == ["a", "b"]
    assert Scenario.make({"targets": "all-linear"}).peft_targets == "all-linear"


@pytest.mark.parametrize(
    ("targets", "words"),
    [
        (["q_proj", "v_proj", "all-linear"], ("“all-linear”", "alone", "“q_proj, v_proj”")),
        (["All-Linear", "q_proj"], ("“all-linear”", "alone", "“q_proj”")),
        (["c_attn", r".*\.c_proj"], (r"“.*\.c_proj”", "alone", "“c_attn”")),
    ],
)
def test_a_target_that_peft_takes_only_alone_is_refused_beside_names(
    targets: list[str], words: tuple[str, ...]
) -> None:
    """In a list PEFT takes both for names, which no layer has: they would silently do nothing."""
    saved = json.dumps({"scenario": {"target_modules": targets}})
    sentences = [
        refusal(lambda: Scenario.make({"model": "mistral-7b", "targets": targets})),
        refusal(lambda: parse_settings(saved)),
    ]
    text = ",".join(targets)
    if "*" not in text:  # as text a pattern may have commas in it, so that would be one pattern
        scenario, complaints = Scenario.from_query({"model": "mistral-7b", "targets": text})
        assert scenario.target_modules == ("q_proj", "v_proj")
        compared, left_out = decode(f"model=mistral-7b&targets={text}~model=gpt2")
        assert [one.model for one in compared] == ["gpt2"]
        sentences += map(str, complaints + left_out)
        assert len(sentences) == 4
    for sentence in sentences:
        assert all(word in sentence for word in words)


def refusal(ask: Callable[[], object]) -> str:
    with pytest.raises(UserError) as raised:
        ask()
    return str(raised.value)


def test_targets_are_each_kept_once_and_plain() -> None:
    for several in (["q_proj, v_proj"], "q_proj,,v_proj,", [" q_proj", "v_proj", "q_proj", ""]):
        assert Scenario.make({"targets": several}).target_modules == ("q_proj", "v_proj")
    for spelling in ("ALL-linear", [" All-Linear "]):
        assert Scenario.make({"targets": spelling}).target_modules == ("all-linear",)
    for nothing in ([""], [], " , "):
        assert "at least one name" in refusal(
            lambda given=nothing: Scenario.make({"targets": given})
        )


@pytest.mark.parametrize(
    ("before", "after", "meant"),
    [
        (("a", "b"), ("a", "b", "all-linear"), ("all-linear",)),
        (("a", "b"), ("a", "b", "All-Linear"), ("All-Linear",)),
        (("a", "b"), ("a", "b", ".*c"), (".*c",)),
        (("all-linear",), ("all-linear", "a"), ("a",)),
        (("a",), ("a", "b", "all-linear", "c"), ("all-linear",)),
        ((".*c",), (".*c", "all-linear"), ("all-linear",)),
        (("a", "b"), ("b",), ("b",)),
        (("a",), ("a", "b"), ("a", "b")),
    ],
)
def test_a_choice_beside_what_stands_alone_replaces_it(
    before: tuple[str, ...], after: tuple[str, ...], meant: tuple[str, ...]
) -> None:
    assert chosen_targets(before, after) == meant


def test_true_and_false_are_beginnings_of_a_and_b_in_any_spelling() -> None:
    for written, kept in ((True, "true"), (False, "false"), ("pissa", "pissa")):
        scenario = Scenario.make({"init_lora_weights": written})
        assert scenario.init_lora_weights == kept
        assert Scenario.from_query(scenario.to_query()) == (scenario, [])
    assert Scenario().initial_weights is True
    assert Scenario(init_lora_weights="false").initial_weights is False


def test_another_model_brings_its_usual_targets_only_if_they_differ() -> None:
    scenario = Scenario(target_modules=("mlp.c_fc",), rank=32)
    assert scenario.with_model("gpt2-xl").target_modules == ("mlp.c_fc",)
    llama = scenario.with_model("llama-3.1-8b")
    assert llama.target_modules == ("q_proj", "v_proj")
    assert llama.rank == 32


def test_no_name_in_links_means_two_things() -> None:
    assert not set(Scenario.fields_by_short_name()) & set(View.fields_by_short_name())


def test_a_link_may_name_fields_as_the_command_line_s_batches_do() -> None:
    assert Scenario.from_query({"base_dtype": "bfloat16"}) == Scenario.from_query(
        {"base-dtype": "bfloat16"}
    )
    assert Scenario.from_query({"base_dtype": "bfloat16"})[0].base_dtype == "bfloat16"


@pytest.mark.parametrize(
    "values",
    [{"targets": ["c_attn", "\ud800"]}, {"targets": "\udcff*"}, {"model": "/models/\udcff"}],
)
def test_half_a_character_is_refused_in_a_sentence(values: dict[str, Any]) -> None:
    with pytest.raises(UserError, match=r"cannot be “.*�.*”; it should be") as raised:
        Scenario.make(values)
    assert str(raised.value).encode()
