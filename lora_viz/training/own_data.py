"""A reader's own data: plain text, or JSON lines of a prompt and a completion."""

from __future__ import annotations

import json
from pathlib import Path
from typing import NoReturn

from lora_viz.i18n import _
from lora_viz.storage import note_use
from lora_viz.training.examples import Example, InvalidDataError, Task

JSON_LINES_SUFFIXES = (".jsonl", ".ndjson", ".json")
MAXIMUM_BYTES = 20_000_000
MINIMUM_ROWS = 10
MINIMUM_CHARACTERS = 2_000
NAMED_PROBLEMS = 5
VALIDATION_SHARE = HELD_OUT_SHARE = 0.1


def load_own(path: str | Path) -> Task:
    """Read a file and split it at its end: 80 % to train on, 10 % to validate, 10 % held out.

    A name that ends in .jsonl, .ndjson or .json is read as JSON lines, any other as plain text.
    Rows that repeat an earlier one are left out, so that no row is on both sides of a split.

    Raises:
        InvalidDataError: the file cannot be read or used; for rows, the message names the lines.
    """
    if not str(path):
        _refuse(_("No file is named: give your text or JSONL."))
    file = Path(path).expanduser()
    text = _read(file)
    note_use(file)
    if file.suffix.lower() in JSON_LINES_SUFFIXES:
        return _split_rows(file.name, _read_rows(file.name, text))
    return _split_text(file.name, text)


def _read(file: Path) -> str:
    try:
        size = file.stat().st_size
        content = file.read_bytes() if size <= MAXIMUM_BYTES else b""
    except OSError:
        _refuse(_("%(file)s cannot be read."), file=str(file))
    if size > MAXIMUM_BYTES:
        _refuse(
            _("%(file)s has %(size)s MB; at most %(limit)s MB can be used."),
            file=file.name,
            size=f"{size / 1e6:,.1f}",
            limit=f"{MAXIMUM_BYTES / 1e6:,.0f}",
        )
    try:
        text = content.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        _refuse(
            _("%(file)s is not UTF-8 text (see line %(line)s); save it as UTF-8."),
            file=file.name,
            line=f"{line:,}",
        )
    if "\0" in text:
        _refuse(_("%(file)s holds zero bytes; it is not a text file."), file=file.name)
    if not text.strip():
        _refuse(_("%(file)s is empty."), file=file.name)
    return text


def _read_rows(name: str, text: str) -> list[Example]:
    """Every row once, in the order of the file; empty lines are passed over."""
    if text.lstrip().startswith("["):
        _refuse(
            _(
                "%(file)s is one JSON list; write one object a line, as "
                '{"prompt": "…", "completion": "…"}.'
            ),
            file=name,
        )
    rows, problems = [], []
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            row = _read_row(line)
            if isinstance(row, Example):
                rows.append(row)
            else:
                problems.append(_("line %(line)s: %(problem)s") % {"line": number, "problem": row})
    if problems:
        _refuse_rows(name, problems, len(rows) + len(problems))
    return list(dict.fromkeys(rows))


def _read_row(line: str) -> Example | str:
    """The example on one line, or what is wrong with it."""
    try:
        values = json.loads(line)
    except (ValueError, RecursionError):
        return _("not JSON")
    if not isinstance(values, dict):
        return _("not an object with “prompt” and “completion”")
    for field in ("prompt", "completion"):
        if field not in values:
            return _("no “%s”") % field
        if not isinstance(values[field], str):
            return _("“%s” is not text") % field
        if not _is_unicode(values[field]):
            return _("“%s” holds half a character (a lone surrogate)") % field
    if not values["completion"].strip():
        return _("an empty “completion”")
    return Example(values["prompt"], values["completion"])


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _split_rows(name: str, rows: list[Example]) -> Task:
    if len(rows) < MINIMUM_ROWS:
        _refuse(
            _("%(file)s has %(rows)s different rows, where at least %(least)s are needed."),
            file=name,
            rows=str(len(rows)),
            least=str(MINIMUM_ROWS),
        )
    held_out = round(len(rows) * (1 - HELD_OUT_SHARE))
    validation = round(len(rows) * (1 - HELD_OUT_SHARE - VALIDATION_SHARE))
    return Task(
        name=name,
        train=tuple(rows[:validation]),
        validation=tuple(rows[validation:held_out]),
        held_out=tuple(rows[held_out:]),
        kind="questions",
    )


def _split_text(name: str, text: str) -> Task:
    text = text.strip()
    if len(text) < MINIMUM_CHARACTERS:
        _refuse(
            _("%(file)s is too short: %(length)s characters, where at least %(least)s are needed."),
            file=name,
            length=f"{len(text):,}",
            least=f"{MINIMUM_CHARACTERS:,}",
        )
    validation = _cut(text, 1 - HELD_OUT_SHARE - VALIDATION_SHARE)
    held_out = _cut(text, 1 - HELD_OUT_SHARE)
    parts = (text[:validation], text[validation:held_out], text[held_out:])
    train, chosen_on, reported = ((Example("", part),) for part in parts)
    return Task(name, train, chosen_on, reported, kind="text")


def _cut(text: str, share: float) -> int:
    """Where to cut: after the first line or word that ends at or past `share` of the text.

    A line is preferred, if one ends within half of the part that `HELD_OUT_SHARE` makes.
    """
    start = round(len(text) * share)
    end = round(len(text) * (share + HELD_OUT_SHARE / 2))
    for separator in ("\n", " "):
        found = text.find(separator, start, end)
        if found >= 0:
            return found + 1
    return start


def _refuse_rows(name: str, problems: list[str], rows: int) -> NoReturn:
    listed = "; ".join(problems[:NAMED_PROBLEMS])
    more = len(problems) - NAMED_PROBLEMS
    if more > 0:
        listed += _("; and %s more") % f"{more:,}"
    _refuse(
        _("%(file)s: %(wrong)s of %(rows)s rows cannot be used (%(listed)s)."),
        file=name,
        wrong=f"{len(problems):,}",
        rows=f"{rows:,}",
        listed=listed,
    )


def _refuse(message: str, **values: str) -> NoReturn:
    raise InvalidDataError(message % values)
