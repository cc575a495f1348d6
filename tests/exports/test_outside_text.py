"""Names from outside are that text in every file, and nothing of them is read or run."""

from __future__ import annotations

import ast
import json
from typing import Any

import yaml
from hypothesis import assume, example, given
from hypothesis import strategies as st

from lora_viz.choices.scenario import Scenario
from lora_viz.errors import UserError
from lora_viz.exports.formats import FORMATS, export
from tests.exports.scenarios import CAUSAL, QLORA
from tests.hostile import EVERYTHING

SPECIAL = "\"'\\#:-{}[]&*!|>%@,?\n\r\t\0 \u2028\u0085\ud800\x1b"
SIGNS = st.sampled_from([*SPECIAL, "yes", "{{"])
TEXTS = st.one_of(st.text(min_size=1), st.lists(SIGNS, min_size=1).map("".join))
ATTACK = "x'\nimport os; os.system('true') #\"\"\""


def described(model: str, target: str) -> Scenario:
    """A scenario of these names, if there can be one."""
    try:
        return QLORA.changed(model=model, target_modules=(target,))
    except UserError:
        assume(False)
        raise


@given(TEXTS, TEXTS)
@example(EVERYTHING, ATTACK)
@example(ATTACK, "a: b # c")
@example("!!python/object/apply:os.system [true]", "on")
@example("*alias", "null")
def test_names_are_literal_in_every_format(model: str, target: str) -> None:
    scenario = described(model, target)
    targets = scenario.peft_targets
    axolotl = yaml.safe_load(text("axolotl", scenario))
    assert axolotl["base_model"] == model or model.startswith(("custom:", "upload:", "/"))
    assert targets == axolotl.get("lora_target_modules", "all-linear")
    factory = yaml.safe_load(text("llama-factory", scenario))
    assert factory["model_name_or_path"] == axolotl["base_model"]
    assert factory.get("lora_target", targets) in ("all", targets, ",".join(targets))
    assert isinstance(yaml.safe_load(text("accelerate", scenario)), dict)
    beside = json.loads(text("adapter-config", scenario))
    assert beside["base_model_name_or_path"] == axolotl["base_model"]
    assert beside["target_modules"] == targets
    assert argument("target_modules", text("lora-config", scenario)) == targets
    assert argument("target_modules", text("script", scenario)) == targets
    assert constant("MODEL", text("script", scenario)) == axolotl["base_model"]


@given(TEXTS, TEXTS)
@example(ATTACK, ATTACK)
def test_names_add_no_statement_to_code(model: str, target: str) -> None:
    hostile = described(model, target)
    is_pattern = isinstance(hostile.peft_targets, str)
    peaceful = QLORA.changed(target_modules=("a.*",) if is_pattern else ("a",))
    assume(len(hostile.target_modules) == 1)
    for name, form in FORMATS.items():
        if form.syntax == "python":
            assert shape(text(name, hostile)) == shape(text(name, peaceful))


def text(name: str, scenario: Scenario) -> str:
    """A file as a disk keeps it."""
    return export(name, scenario, CAUSAL).text.encode().decode()


def shape(code: str) -> str:
    """Code without the values in it."""
    tree = ast.parse(code)
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant):
            node.value = ""
    return ast.dump(tree)


def argument(name: str, code: str) -> Any:
    """The value that a call is given by this name."""
    found = [one for one in ast.walk(ast.parse(code)) if isinstance(one, ast.keyword)]
    (value,) = (one.value for one in found if one.arg == name)
    return ast.literal_eval(value)


def constant(name: str, code: str) -> Any:
    """The value that a name is given."""
    for node in ast.parse(code).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == name:
            return ast.literal_eval(node.value)
    raise AssertionError(name)
