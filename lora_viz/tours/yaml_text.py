"""YAML that anyone may have written, as plain data: within limits, and nothing in it is run.

What a plain word means is as in JSON (YAML 1.2's core schema): yes and 2026-01-01 are texts, 010 is
ten. PyYAML by itself reads them as older YAML does: true, a date, eight.

Before anything is built of it, its events are looked through: what is large, nested deep, tagged or
repeated by reference is refused, so that a few lines can never become a large thing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, ClassVar

import yaml

from lora_viz.choices.declaration import as_shown
from lora_viz.errors import UserError
from lora_viz.i18n import N_, encodable

MAXIMUM_BYTES = 100_000
DEEPEST = 6  # lists and mappings within each other
OPENING = (yaml.MappingStartEvent, yaml.SequenceStartEvent)
CLOSING = (yaml.MappingEndEvent, yaml.SequenceEndEvent)
PLAIN_WORDS: dict[str, str] = {  # forms by tag; the first that fits is meant
    "bool": "true|True|TRUE|false|False|FALSE",
    "null": "null|Null|NULL|~|",
    "int": "[-+]?[0-9]+",
    "float": r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?"
    r"|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)",
}


class _TwiceError(Exception):
    """A mapping has a key twice; the key, and the line of the second one."""

    def __init__(self, key: object, line: int) -> None:
        super().__init__()
        self.key, self.line = key, line


class _PlainLoader(yaml.SafeLoader):
    """Texts, numbers, true, false, null, lists, and mappings that have each key once."""

    yaml_implicit_resolvers: ClassVar[dict[str | None, list[tuple[str, re.Pattern[str]]]]] = {}

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        """As PyYAML does, and refuse a key that is there already, of which it takes the last."""
        keys: set[object] = set()
        for key_node, _value_node in node.value:
            key = self.construct_object(key_node, deep=True)
            if isinstance(key, list | dict):
                break  # which PyYAML refuses
            if key in keys:
                raise _TwiceError(key, key_node.start_mark.line + 1)
            keys.add(key)
        return super().construct_mapping(node, deep)

    def construct_whole_number(self, node: yaml.ScalarNode) -> int:
        """Without the meaning that a leading zero has in older YAML."""
        return int(str(self.construct_scalar(node)))


for _tag, _form in PLAIN_WORDS.items():
    _PlainLoader.add_implicit_resolver(
        f"tag:yaml.org,2002:{_tag}", re.compile(f"(?:{_form})$"), None
    )
_PlainLoader.add_constructor("tag:yaml.org,2002:int", _PlainLoader.construct_whole_number)


def read_plain(file: str, content: bytes) -> object:
    """What a file of YAML says, as dicts, lists, texts and numbers.

    Raises:
        UserError: it is too large, no text, no YAML, or uses more of YAML than plain data need.
    """
    if len(content) > MAXIMUM_BYTES:
        raise UserError(
            N_("%(file)s is too large; a tour has at most %(most)s bytes."),
            file=file,
            most=f"{MAXIMUM_BYTES:,}",
        )
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise UserError(N_("%(file)s is not UTF-8 text; save it as UTF-8."), file=file) from None
    try:
        _look_through(file, yaml.parse(text, Loader=yaml.SafeLoader))
        return yaml.load(text, Loader=_PlainLoader)
    except _TwiceError as error:
        raise UserError(
            N_("%(file)s, line %(line)s: “%(key)s” stands there twice."),
            file=file,
            line=f"{error.line:,}",
            key=as_shown(error.key),
        ) from None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = f"{mark.line + 1:,}" if mark else "?"
        raise UserError(
            N_("%(file)s is not YAML; look at line %(line)s."), file=file, line=line
        ) from None
    except UserError:
        raise
    except (yaml.YAMLError, ValueError, OverflowError):  # signs that YAML lacks
        raise UserError(
            N_("%(file)s holds signs or numbers that YAML does not take."), file=file
        ) from None


def _look_through(file: str, events: Iterable[yaml.Event]) -> None:
    depth = documents = 0
    for event in events:
        documents += isinstance(event, yaml.DocumentStartEvent)
        depth += isinstance(event, OPENING) - isinstance(event, CLOSING)
        line = f"{event.start_mark.line + 1:,}"
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise UserError(
                N_("%(file)s, line %(line)s: a tour has no anchors (&) and no aliases (*)."),
                file=file,
                line=line,
            )
        value = getattr(event, "value", "")
        if encodable(value) != value:
            raise UserError(
                N_("%(file)s, line %(line)s: there is half a character (a lone surrogate)."),
                file=file,
                line=line,
            )
        if getattr(event, "tag", None):
            raise UserError(
                N_("%(file)s, line %(line)s: a tour has no tags (!)."), file=file, line=line
            )
        if depth > DEEPEST:
            raise UserError(
                N_("%(file)s, line %(line)s: lists and mappings are nested deeper than %(most)s."),
                file=file,
                line=line,
                most=DEEPEST,
            )
        if documents > 1:
            raise UserError(
                N_("%(file)s, line %(line)s: a file holds one tour."), file=file, line=line
            )
