"""Files that anyone may have written: one sentence, soon, and nothing in them is run."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from lora_viz.choices.scenario import Scenario
from lora_viz.errors import UserError
from lora_viz.imports.answer import Imported
from lora_viz.imports.plain_text import MAXIMUM_BYTES, MAXIMUM_YAML_BYTES
from lora_viz.imports.read import KINDS, read_import

BOMB = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{after}: &{after} [{', '.join([f'*{one}'] * 9)}]\n"
    for one, after in zip("abcdefgh", "bcdefghi", strict=True)
)
MERGED_BOMB = "a: &a {x: 1}\n" + "".join(
    f"{after}: &{after} {{{', '.join(f'k{n}: *{one}' for n in range(9))}}}\n"
    for one, after in zip("abcdefgh", "bcdefghi", strict=True)
)


def refusal(content: str | bytes) -> str:
    """The one sentence that a file is refused with; nothing that grows without bounds."""
    began = time.process_time()
    with pytest.raises(UserError) as raised:
        read_import(content if isinstance(content, bytes) else content.encode())
    assert time.process_time() - began < 20
    sentence = str(raised.value)
    assert len(sentence) < 300 and "\n" not in sentence
    return sentence


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (BOMB, "values with its aliases (*) written out"),
        (MERGED_BOMB, "values with its aliases (*) written out"),
        ("a: &a {b: *a}", "contains itself"),
        ("a: &a [*a]", "contains itself"),
        ("base_model: !!python/object/apply:os.system ['id']", "has a tag (!) at line 1"),
        ("base_model: !!python/name:os.system", "has a tag (!) at line 1"),
        ("base_model: !!binary aGVsbG8=", "has a tag (!) at line 1"),
        ("lora_r: !int 8", "has a tag (!) at line 1"),
        ("--- {base_model: T}\n--- {base_model: T}\n", "holds several texts"),
        (b"x" * 10_000_000, "at most 4 MB"),
        (b"x" * MAXIMUM_YAML_BYTES + b"xx", f"at most {MAXIMUM_YAML_BYTES:,} bytes"),
        (bytes(range(256)), "is not UTF-8 text"),
        (b"\x7fELF\x01\x00\x00", "is not UTF-8 text"),
        (b"PK\x03\x04\x00\x00", "is not UTF-8 text"),  # a training_args.bin
        (b"base_model: \x07", "signs, numbers or dates"),
        ("[" * 90_000, "."),
        ("[" * 30 + "]" * 30, "nested deeper than 20"),
        ('{"r": "\\ud800"}', "half a character"),
        ('{"\\ud800": 1}', "half a character"),
        ("{" * 90_000, "is not JSON"),
        ('{"a":' * 90_000, "numbers or lists that no settings"),
        ('{"a":' + "[" * 40 + "]" * 40 + "}", "nested deeper than 20"),
        ("- " * 45_000, "nested deeper than 20"),
        ("? " * 45_000, "nested deeper than 20"),
        ("lora_r: " + "9" * 5_000, "signs, numbers or dates"),
        ('{"r": ' + "9" * 5_000 + "}", "numbers or lists that no settings"),
        ("lora_r: 2026-99-99", "signs, numbers or dates"),
        ("lora_r: [", "is not YAML; look at line"),
        ('{"r": 8,\n "r": }', "is not JSON; look at line 2"),
        ('{"r": 8, "r": 16}', "has “r” twice"),
        ("lora_r: 8\nlora_r: 16", "has “lora_r” twice"),
        ("base_model: \ud800".encode("utf-8", "surrogatepass"), "is not UTF-8 text"),
        ('{"peft_type": "LORA", ' + ", ".join(f'"k{n}": 1' for n in range(200_000)) + "}", "1,000"),
        (json.dumps({"base_model": "gpt2", "x": {f"k{n}": n for n in range(2_000)}}), "1,000 keys"),
        ("", "holds no settings"),
        ("- a\n- b", "holds no settings"),
        ("just some words", "holds no settings"),
        ("a: 1\nb: 2", "no file that is known here"),
        ("{}", "no file that is known here"),
    ],
    ids=lambda value: repr(value[:24]),
)
def test_what_is_hostile_is_refused_in_a_sentence(content: str | bytes, said: str) -> None:
    assert said in refusal(content)


def test_an_alias_is_taken_where_it_stays_small() -> None:
    text = "base_model: gpt2\nlora_target_modules: &t [c_attn]\nsome_targets: *t\n"
    found = read_import(text.encode())
    assert found.scenario["target_modules"] == ("c_attn",)
    assert [one.key for one in found.not_understood] == ["some_targets"]


def test_as_large_a_file_as_is_taken_is_read() -> None:
    log = [{"loss": 1.0, "step": step, "learning_rate": 1e-4} for step in range(40_000)]
    content = json.dumps({"log_history": log, "global_step": 3}).encode()
    assert 1_000_000 < len(content) < MAXIMUM_BYTES
    assert read_import(content).kind == "trainer_state.json"


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(10**300, 10**310)
    | st.floats()
    | st.text(max_size=40)
    | st.sampled_from(["nf4", "all-linear", "all", "q_proj,v_proj", ".*(a|b)", "lora", "../x"]),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=9), inner, max_size=4)
    ),
    max_leaves=8,
)
KEYS = sorted({key for kind in KINDS for key in kind.rules} | {"training", "lora", "model"})
MARKS: list[dict[str, Any]] = [
    {"peft_type": "LORA"},
    {"base_model": "gpt2"},
    {"model_name_or_path": "gpt2", "stage": "sft"},
    {"model_name_or_path": "gpt2", "use_peft": True},
    {"per_device_train_batch_size": 2},
    {"log_history": []},
    {"training": {"max_seq_length": 8}},
    {"model": {"_component_": "torchtune.models.gemma2.lora_gemma2_2b"}},
]


def sections(flat: dict[str, Any]) -> dict[str, Any]:
    """Keys with dots as mappings within mappings, as far as that goes."""
    values: dict[str, Any] = {}
    for key, value in flat.items():
        section, dot, inner = key.partition(".")
        if dot and isinstance(values.setdefault(section, {}), dict):
            values[section][inner] = value
        elif not dot:
            values[key] = value
    return values


def is_sound(found: Imported) -> None:
    """What an answer sets is a scenario, and what it leaves out has a reason."""
    Scenario.make(dict(found.scenario))
    assert all(str(one.why) for one in found.not_understood)


@settings(max_examples=300, deadline=None)
@example(mark={"model_name_or_path": "gpt2", "stage": "sft"}, values={"additional_target": True})
@given(
    mark=st.sampled_from(MARKS), values=st.dictionaries(st.sampled_from(KEYS), VALUES, max_size=8)
)
def test_any_values_give_a_scenario_and_reasons(
    mark: dict[str, Any], values: dict[str, Any]
) -> None:
    given_values = sections(values | mark)
    text = json.dumps(given_values)
    try:
        found = read_import(text.encode())
    except UserError as error:
        assert str(error)
        return
    is_sound(found)
    said = [one.key for one in (*found.understood, *found.not_understood)]
    for key in given_values:
        assert any(key == one or one.startswith(f"{key}.") for one in said), key


@pytest.mark.parametrize(
    "value", [True, False, 0, -1, 2.5, "", "x", "é\x1b", [], [1], {}, {"a": [1]}], ids=repr
)
@pytest.mark.parametrize("mark", MARKS, ids=lambda mark: next(iter(mark)))
def test_every_key_takes_a_value_of_any_type_or_gives_a_reason(
    mark: dict[str, Any], value: Any
) -> None:
    for key in KEYS:
        is_sound(read_import(json.dumps(sections({key: value}) | mark).encode()))


@settings(max_examples=300, deadline=None)
@given(
    st.binary(max_size=300)
    | st.text(max_size=300).map(lambda text: text.encode("utf-8", "replace"))
)
def test_any_bytes_give_an_answer_or_a_sentence(content: bytes) -> None:
    try:
        is_sound(read_import(content))
    except UserError as error:
        assert str(error) and "\n" not in str(error)


def test_another_method_of_peft_is_named() -> None:
    found = read_import(b'{"peft_type": "IA3", "target_modules": ["k_proj"]}')
    assert "adapters of LoRA, not of IA3" in str(found.not_understood[0].why)
