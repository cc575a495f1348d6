"""YAML that anyone may have written, as plain data: within limits, and nothing in it is run.

Before anything is built of it, its events are looked through: what is large, nested deep, tagged or
repeated by reference is refused, so that a few lines can never become a large thing.
"""

from __future__ import annotations

from collections.abc import Iterable

import yaml

from lora_viz.errors import UserError
from lora_viz.i18n import N_

MAXIMUM_BYTES = 100_000
DEEPEST = 6  # lists and mappings within each other
OPENING = (yaml.MappingStartEvent, yaml.SequenceStartEvent)
CLOSING = (yaml.MappingEndEvent, yaml.SequenceEndEvent)


def read_plain(file: str, content: bytes) -> object:
    """What a file of YAML says, as dicts, lists, texts, numbers and dates.

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
        return yaml.safe_load(text)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = f"{mark.line + 1:,}" if mark else "?"
        raise UserError(
            N_("%(file)s is not YAML; look at line %(line)s."), file=file, line=line
        ) from None
    except UserError:
        raise
    except (
        yaml.YAMLError,
        ValueError,
        OverflowError,
    ):  # signs that YAML lacks, dates that are none
        raise UserError(
            N_("%(file)s holds signs, numbers or dates that YAML does not take."), file=file
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
