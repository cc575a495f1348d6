"""What a file says of itself in comments: what it is, and which fields it does not say."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from textwrap import wrap
from typing import Any

from lora_viz import __version__
from lora_viz.choices.scenario import Scenario
from lora_viz.exports.literals import yaml_text
from lora_viz.exports.rules import Remark
from lora_viz.i18n import N_, Message

wrapped = partial(wrap, width=98, break_long_words=False, break_on_hyphens=False)
NO_SIGN = "�"  # for a character that no comment can hold, such as the end of a line


def head(remarks: Iterable[Remark], what: Message) -> str:
    """The comments at the beginning of a file, each line with a # before it."""
    made = Message(N_("Made with LoRA Viz %s."), __version__)
    lines = [*wrapped(f"{what} {made}"), *remark_lines(remarks)]
    return "".join(commented(line) for line in lines)


def yaml_file(
    remarks: Iterable[Remark],
    what: Message,
    keys: Mapping[str, Any],
    yours: Message,
    own: Mapping[str, Any],
) -> str:
    """A file of YAML: what it is, the scenario's keys, and an example of what is the reader's own.

    Args:
        yours: what of it is to be chosen, for a comment above `own`.
    """
    return f"{head(remarks, what)}{yaml_text(keys)}\n{commented(yours)}{yaml_text(own)}"


def commented(words: object) -> str:
    """Words as a comment of one line, whatever is in them."""
    plain = "".join(sign if sign.isprintable() else NO_SIGN for sign in str(words))
    return f"# {plain}".rstrip() + "\n"


def remark_lines(remarks: Iterable[Remark]) -> Iterator[str]:
    """A title and the fields with their values, those first of which nothing more is known."""
    noted = list(remarks)
    if not noted:
        return
    yield str(Message(N_("What this file does not say, or says otherwise:")))
    plain = [_with_value(remark) for remark in noted if not remark.why]
    yield from (f"  {line}" for line in wrapped("; ".join(plain)))
    for remark in noted:
        if remark.why:
            yield f"  {_with_value(remark)} ({remark.why})"


def _with_value(remark: Remark) -> str:
    value = remark.value
    text = ",".join(map(str, value)) if isinstance(value, tuple) else str(value)
    text = text.lower() if isinstance(value, bool) else text
    return f"{Scenario.short_name(remark.field)}: {text}"
