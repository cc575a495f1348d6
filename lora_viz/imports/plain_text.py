"""JSON and YAML that anyone may have written, as plain data: within limits, nothing in it is run.

YAML is looked through before anything is built of it: its events for depth, its nodes for tags, for
keys that stand twice, and for how much there would be with every alias written out. It means what
it means to the trainers, which read it with PyYAML: `yes` is true.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, NoReturn

import yaml

from lora_viz.choices.declaration import as_shown
from lora_viz.errors import UserError
from lora_viz.i18n import N_

MAXIMUM_MB = 4  # a trainer_state.json has a line for each step that was logged
MAXIMUM_BYTES = MAXIMUM_MB * 10**6
MAXIMUM_YAML_BYTES = 100_000  # written by hand, and slow to read
MOST_KEYS = 1_000  # transformers' arguments are about 150
MOST_VALUES = 10_000  # with every alias written out
DEEPEST = 20  # lists and mappings within each other
PLAIN_TAGS = tuple(
    f"tag:yaml.org,2002:{name}"
    for name in ("null", "bool", "int", "float", "str", "timestamp", "seq", "map", "merge")
)
Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the first is ten times as fast


def text_of(content: bytes) -> str:
    """The text of a file. Raises `UserError` where it is too large, or no text."""
    if len(content) > MAXIMUM_BYTES:
        raise UserError(
            N_("This file is too large; settings of a training have at most %s MB."), MAXIMUM_MB
        )
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = "\0"
    if "\0" in text:
        raise UserError(
            N_("This file is not UTF-8 text; give the JSON or YAML, not a binary file.")
        )
    return text


def read_settings(text: str) -> dict[str, Any]:
    """The keys and values of a text of JSON or YAML.

    Raises:
        UserError: one sentence on what is wrong with it.
    """
    values = _read_json(text) if text.lstrip().startswith("{") else _read_yaml(text)
    _check(values, 0)
    if not isinstance(values, dict):
        raise UserError(
            N_("This text holds no settings; it should have keys and values, such as lora_r: 16.")
        )
    check_number_of_keys(values)
    return {str(key): value for key, value in values.items()}


def check_number_of_keys(values: Mapping[str, Any]) -> None:
    """Refuse more keys than any settings have. Raises `UserError`."""
    if len(values) > MOST_KEYS:
        raise UserError(
            N_("This file has more than %s keys, which no settings of a training have."),
            f"{MOST_KEYS:,}",
        )


def _read_json(text: str) -> object:
    try:
        return json.loads(text, object_pairs_hook=_each_key_once)
    except UserError:
        raise
    except json.JSONDecodeError as error:
        raise UserError(
            N_("This text is not JSON; look at line %s."), f"{error.lineno:,}"
        ) from None
    except (ValueError, RecursionError):  # a number of more than 4,300 digits, lists within lists
        raise UserError(
            N_("This text holds numbers or lists that no settings of a training have.")
        ) from None


def _each_key_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for key, value in pairs:
        if key in values:
            _refuse_twice(key)
        values[key] = value
    return values


def _check(value: object, depth: int) -> None:
    """Refuse what is nested deep, and halves of characters, which no text can be written with."""
    if depth > DEEPEST:
        _refuse_depth()
    inner: Iterable[object] = ()
    if isinstance(value, Mapping):
        inner = (*value, *value.values())
    elif isinstance(value, list):
        inner = value
    elif isinstance(value, str) and any("\ud800" <= sign <= "\udfff" for sign in value):
        raise UserError(N_("This text holds half a character (a lone surrogate)."))
    for one in inner:
        _check(one, depth + 1)


def _read_yaml(text: str) -> object:
    if len(text.encode("utf-8", "replace")) > MAXIMUM_YAML_BYTES:
        raise UserError(
            N_("This YAML is too large; it has at most %s bytes."), f"{MAXIMUM_YAML_BYTES:,}"
        )
    try:
        _check_events(text)
        return _build(text)
    except UserError:
        raise
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = f"{mark.line + 1:,}" if mark else "?"
        raise UserError(N_("This text is not YAML; look at line %s."), line) from None
    except (yaml.YAMLError, ValueError, TypeError, OverflowError, RecursionError):
        raise UserError(
            N_("This text holds signs, numbers or dates that YAML does not take.")
        ) from None


def _check_events(text: str) -> None:
    """Refuse what is nested deep, or several texts in one, before nodes are made of it."""
    depth = texts = 0
    for event in yaml.parse(text, Loader=Loader):
        texts += isinstance(event, yaml.DocumentStartEvent)
        depth += isinstance(event, (yaml.MappingStartEvent, yaml.SequenceStartEvent))
        depth -= isinstance(event, (yaml.MappingEndEvent, yaml.SequenceEndEvent))
        if depth > DEEPEST:
            _refuse_depth()
        if texts > 1:
            raise UserError(N_("This YAML holds several texts; give one, without a line of ---."))


def _build(text: str) -> object:
    loader = Loader(text)
    try:
        node = loader.get_single_node()
        if node is None:
            return None
        _check_node(node, {})
        return loader.construct_document(node)
    finally:
        loader.dispose()


def _check_node(node: yaml.Node, known: dict[int, int]) -> int:
    """How many values a node has with every alias written out. Raises `UserError`.

    Args:
        known: the same of nodes that were looked at, and 0 for those that are being looked at.
    """
    if id(node) in known:
        if not known[id(node)]:
            raise UserError(N_("This YAML holds a list or a mapping that contains itself."))
        return known[id(node)]
    if node.tag not in PLAIN_TAGS:
        raise UserError(
            N_("This YAML has a tag (!) at line %s, which is not taken."),
            f"{node.start_mark.line + 1:,}",
        )
    known[id(node)] = 0
    values = 1 + sum(_check_node(one, known) for one in _inner_nodes(node))
    if values > MOST_VALUES:
        raise UserError(
            N_("This YAML holds more than %s values with its aliases (*) written out."),
            f"{MOST_VALUES:,}",
        )
    known[id(node)] = values
    return values


def _inner_nodes(node: yaml.Node) -> list[yaml.Node]:
    if isinstance(node, yaml.SequenceNode):
        return list(node.value)
    if not isinstance(node, yaml.MappingNode):
        return []
    seen = set()
    for key, _value in node.value:
        if isinstance(key, yaml.ScalarNode) and key.value in seen:
            _refuse_twice(key.value)
        seen.add(key.value if isinstance(key, yaml.ScalarNode) else id(key))
    return [one for pair in node.value for one in pair]


def _refuse_twice(key: str) -> NoReturn:
    raise UserError(N_("This file has “%s” twice."), as_shown(key))


def _refuse_depth() -> NoReturn:
    raise UserError(N_("This file has lists and mappings nested deeper than %s."), DEEPEST)
