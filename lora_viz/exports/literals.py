"""Values as Python and YAML have them: whatever is in a text, it is read back as that text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import yaml

ANY_WIDTH = 10**6  # no line of YAML is folded


def python_call(function: str, arguments: Mapping[str, Any], indent: int = 0) -> str:
    """A call with each argument on a line of its own."""
    room = " " * indent
    lines = [f"{room}    {name}={value!r},\n" for name, value in arguments.items()]
    return f"{function}(\n{''.join(lines)}{room})" if lines else f"{function}()"


def yaml_text(keys: Mapping[str, Any]) -> str:
    """Keys as YAML, those with a dot in a section of their own. Every character is of ASCII."""
    return yaml.safe_dump(nested(keys), sort_keys=False, width=ANY_WIDTH)


def nested(keys: Mapping[str, Any]) -> dict[str, Any]:
    """Keys with the sections that stand before their dots."""
    found: dict[str, Any] = {}
    for name, value in keys.items():
        section, _dot, inner = name.partition(".")
        if inner:
            found.setdefault(section, {})[inner] = value
        else:
            found[name] = value
    return found


def in_section(keys: Mapping[str, Any], name: str) -> dict[str, Any]:
    """The keys of one section, without its name."""
    return {key.removeprefix(f"{name}."): keys[key] for key in keys if key.startswith(f"{name}.")}
