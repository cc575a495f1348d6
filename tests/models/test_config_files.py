"""Whatever a config.json holds, it is a model or one sentence of ours."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lora_viz.checkpoint.ask import read_model_files
from lora_viz.errors import UserError
from lora_viz.models import meta
from lora_viz.models.meta import build_meta_model
from lora_viz.models.source import MAXIMUM_CONFIG_BYTES, parse_config, resolve, store_upload

TINY: dict[str, Any] = {
    "model_type": "gpt2",
    "n_layer": 2,
    "n_embd": 8,
    "n_head": 2,
    "vocab_size": 50,
    "n_positions": 16,
}
NUMBERS = st.sampled_from(
    [
        "9" * 300,
        "-" + "9" * 4_301,
        "1e999",
        "-1e400",
        "NaN",
        "Infinity",
        "-Infinity",
        "0",
        "-1",
        "-0",
    ]
) | st.integers().map(str)
TEXTS = st.text(max_size=10) | st.sampled_from(["\ud800", "a\udfff", "\0", "\u2028", "wide"])
VALUES = st.recursive(
    NUMBERS | TEXTS.map(json.dumps) | st.sampled_from(["null", "true", "false", "[]", "{}"]),
    lambda inner: (
        st.lists(inner, max_size=3).map(lambda some: f"[{','.join(some)}]")
        | st.lists(st.tuples(TEXTS.map(json.dumps), inner), max_size=3).map(
            lambda pairs: "{" + ",".join(f"{key}:{value}" for key, value in pairs) + "}"
        )
    ),
    max_leaves=5,
) | st.sampled_from(
    ["[" * 25 + "]" * 25, "[" * 30_000, '{"a":' * 25 + "1" + "}" * 25, "[1" + ",1" * 9_999]
)
KEYS = st.sampled_from([*TINY, "num_hidden_layers", "architectures", "text_config"]) | TEXTS
LIBRARIES_WORDS = ("Traceback", "Error", "expected int", "dimension", "codec", "object has no")


@st.composite
def config_texts(draw: st.DrawFn, most: int = 3) -> str:
    """The text of a configuration with up to `most` hostile values, or keys that stand twice."""
    pairs = [(json.dumps(key), json.dumps(value)) for key, value in TINY.items()]
    for _time in range(draw(st.integers(1, most))):
        key, value = json.dumps(draw(KEYS)), draw(VALUES)
        if draw(st.booleans()):
            pairs = [pair for pair in pairs if pair[0] != key]
        pairs.append((key, value))
    return "{" + ", ".join(f"{key}: {value}" for key, value in pairs) + "}"


def assert_is_one_sentence(error: UserError) -> None:
    sentence = str(error)
    sentence.encode()  # a page cannot show half a character
    assert "\n" not in sentence and 10 < len(sentence) < 450
    assert not any(words in sentence for words in LIBRARIES_WORDS), sentence


@settings(max_examples=1_000)
@given(config_texts() | st.binary(max_size=200) | VALUES, st.sampled_from(["utf-8", "utf-16"]))
def test_any_text_is_a_configuration_or_is_refused(text: str | bytes, encoding: str) -> None:
    content = text if isinstance(text, bytes) else text.encode(encoding, "surrogatepass")
    try:
        values = parse_config(content)
    except UserError as error:
        assert_is_one_sentence(error)
        return
    assert isinstance(values["model_type"], str)
    kept = json.dumps(values, ensure_ascii=False).encode()
    assert parse_config(kept) == values


@settings(max_examples=60)
@given(config_texts(most=2))
def test_any_configuration_is_a_model_or_is_refused(text: str) -> None:
    try:
        model = build_meta_model(parse_config(text))
    except UserError as error:
        assert_is_one_sentence(error)
        return
    assert model.num_parameters() > 0


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('{"model_type": "gpt2", "n_embd": %s}' % ("9" * 300), "holds 99999999999999999999…."),
        (
            '{"model_type": "gpt2", "a": {"b": [-%s]}}' % ("9" * 4_400),
            "holds -9999999999999999999….",
        ),
        ('{"model_type": "gpt2", "n_embd": 1e999}', "holds 1e999. No model has such a size"),
        ('{"model_type": "gpt2", "a": [NaN]}', "holds NaN, which is not a number"),
        ('{"model_type": "\\ud800"}', "half a character (a lone surrogate)"),
        ('{"model_type": "gpt2", "a": {"\\udc00": 1}}', "half a character (a lone surrogate)"),
        ('{"model_type": "gpt2", "n_embd": 8, "n_embd": 16}', "has “n_embd” twice"),
        (
            json.dumps({"model_type": "gpt2"} | dict.fromkeys(map(str, range(60_000))))[:-1]
            + ', "59999": 0}',
            "has “59999” twice",  # said without comparing each key with every other
        ),
        ('{"model_type": "gpt2", "a": ' + "[" * 25 + "]" * 25 + "}", "nested too deeply"),
        ('{"model_type": "gpt2", "a": "%s"}' % ("é" * MAXIMUM_CONFIG_BYTES), "at most 1 MB"),
        ("\ufeffhello", "is not JSON"),
        (r'{"\n": 1, "\n": 2}', "has “�” twice"),
    ],
    ids=lambda value: value[:30],
)
def test_a_file_is_refused_for_what_is_wrong_with_it(text: str, words: str) -> None:
    with pytest.raises(UserError) as raised:
        parse_config(text.encode())
    assert words in str(raised.value)
    assert_is_one_sentence(raised.value)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"n_embd": -64}, "“n_embd” is -64 in this configuration; it should be a number above 0."),
        (
            {"n_embd": "many"},
            '“n_embd” is "many" in this configuration; it should be a whole number.',
        ),
        (
            {"n_head": 0, "bos_token_id": 0},
            "“n_head” is 0 in this configuration; it should be a number",
        ),
        (
            {"n_layer": None},
            "“n_layer” is null in this configuration; it should be a whole number.",
        ),
        ({"n_embd": float("inf")}, "“n_embd” is Infinity in this configuration"),
        (
            {"activation_function": "wide"},
            'is "wide" in this configuration; it should be a name that',
        ),
        ({"architectures": 5}, "“architectures” is 5 in this configuration; it should be a list."),
        ({"to_dict": 5}, "“to_dict” is 5 in this configuration; it should be left out."),
        ({"id2label": 5}, "its values do not go together"),
    ],
)
def test_the_value_that_is_wrong_is_named(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(UserError) as raised:
        build_meta_model(TINY | changes)
    assert words in str(raised.value)
    assert_is_one_sentence(raised.value)


def test_a_value_that_is_wrong_in_a_part_of_the_model_is_named() -> None:
    text = {"model_type": "llama", "hidden_size": -4}
    with pytest.raises(UserError, match="“hidden_size” is -4 in this configuration"):
        build_meta_model({"model_type": "llava", "text_config": text})


def test_a_model_of_too_many_modules_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(meta, "MAXIMUM_MODULES", 5)
    with pytest.raises(UserError, match="has more than 5 modules, which no model has"):
        build_meta_model(TINY)


def test_what_transformers_says_of_sizes_that_do_not_go_together_is_kept() -> None:
    values = {"model_type": "llama", "hidden_size": 100, "num_attention_heads": 7}
    with pytest.raises(UserError, match=r"hidden size \(100\) is not a multiple of the number"):
        build_meta_model(values)


def test_an_upload_is_read_again_whatever_letters_it_holds() -> None:
    """Kept in ASCII, three times as many bytes would stand for these letters, which is too many."""
    values = TINY | {"about": "é" * (MAXIMUM_CONFIG_BYTES // 2 - 200)}
    content = json.dumps(values, ensure_ascii=False).encode()
    assert resolve(store_upload(content)).values == values


@pytest.mark.parametrize("part", ["whole", "text_config"])
def test_what_attention_gives_back_keeps_no_model_from_being_sized(part: str) -> None:
    """With this implementation transformers builds such a model and does not save it."""
    llama = {"model_type": "llama", "hidden_size": 8, "num_hidden_layers": 1, "vocab_size": 99}
    llama |= {"num_attention_heads": 1, "intermediate_size": 8, "output_attentions": True}
    vision = {"model_type": "clip_vision_model", "hidden_size": 8, "num_hidden_layers": 1}
    vision |= {"num_attention_heads": 1, "intermediate_size": 8}
    values = {"model_type": "llava", "text_config": llama, "vision_config": vision}
    model = store_upload(json.dumps(llama if part == "whole" else values))
    (file,) = read_model_files(model, "float32")
    assert file.bytes > 4 * 99 * 8
