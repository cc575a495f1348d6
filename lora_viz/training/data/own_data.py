"""A reader's own data: plain text, or JSON lines of a prompt and a completion."""

from __future__ import annotations

import json
import os
import re
import stat
from pathlib import Path
from typing import Any, NoReturn

from lora_viz.choices.declaration import as_shown
from lora_viz.errors import UserError
from lora_viz.i18n import N_, Message, joined
from lora_viz.storage import note_use
from lora_viz.storage.plain_files import read_plain_file
from lora_viz.training.data.examples import Example, InvalidDataError, Task

JSON_LINES_SUFFIXES = (".jsonl", ".ndjson", ".json")
TEXT_SUFFIXES = (".txt", ".md")  # what is offered; any other name is read as text too
MAXIMUM_MB = 20  # `maxUploadSize` in .streamlit/config.toml lets uploads of this size in
MAXIMUM_BYTES = MAXIMUM_MB * 10**6
MINIMUM_ROWS = 10
MINIMUM_CHARACTERS = 2_000
MAXIMUM_NAME_BYTES = 100
NAMED_PROBLEMS = 5
MOST_PROBLEMS = 10_001  # rows; what has so many is another kind of file, and is read no further
VALIDATION_SHARE = HELD_OUT_SHARE = 0.1


def load_own(path: str | Path) -> Task:
    """Read a file and split it at its end: 80 % to train on, 10 % to validate, 10 % held out.

    Of JSON lines (see `is_json_lines`) each row is an example; any other file is plain text. Rows
    that repeat an earlier one are left out, so that no row is on both sides of a split.

    Raises:
        InvalidDataError: the file cannot be read or used; for rows, the message names the lines.
    """
    if not str(path):
        _refuse(N_("No file is named: choose your text or JSONL."))
    file = path_on_disk(path)
    name = _as_unicode(Path(path).name)
    text = _decode(name, _read(file, name))
    note_use(file)
    if is_json_lines(file):
        return _split_rows(name, _read_rows(name, text))
    return _split_text(name, text)


def path_on_disk(path: str | Path) -> Path:
    """The path for calls of the system, which knows names in UTF-8 whatever the locale is.

    In a locale without UTF-8, Python holds such a name as half characters, and settings as text.
    """
    try:
        return Path(os.fsdecode(str(path).encode(errors="surrogateescape")))
    except UnicodeEncodeError:  # half a character that no system has named a file with
        _refuse(N_("%(file)s cannot be read."), file=_as_unicode(str(path)))


def is_json_lines(file: str | Path) -> bool:
    """Whether a file of this name is read as JSON lines: .jsonl, .ndjson or .json in any case."""
    return Path(file).suffix.lower() in JSON_LINES_SUFFIXES


def file_name_for(name: str) -> str:
    """A name to store an upload under: what is left of the reader's own name that can do no harm.

    It names no other folder and no hidden file, every file system takes it, and `is_json_lines`
    says the same of both names.
    """
    own = Path(re.sub(r"[^\w .-]", "_", name.replace("\\", "/").rpartition("/")[2]))
    suffix = own.suffix.lower()
    kept = suffix if suffix in (*JSON_LINES_SUFFIXES, *TEXT_SUFFIXES) else ".txt"
    stem = own.stem.encode()[:MAXIMUM_NAME_BYTES].decode(errors="ignore").strip("._- ")
    return (stem or "data") + kept


def _read(file: Path, name: str) -> bytes:
    """The content of a file. A device or a pipe is not opened: its end may never come."""
    is_ordinary, content = True, b""
    try:
        mode = file.stat().st_mode
        is_ordinary = stat.S_ISREG(mode) or stat.S_ISDIR(mode)
        if is_ordinary:
            content = read_plain_file(file, MAXIMUM_BYTES + 1)
    except (OSError, ValueError):  # a name that holds a zero byte is a ValueError
        _refuse(N_("%(file)s cannot be read."), file=_as_unicode(str(file)))
    if not is_ordinary:
        _refuse(
            N_("%(file)s is a device or a pipe; name a file of text or JSONL."),
            file=_as_unicode(str(file)),
        )
    if len(content) > MAXIMUM_BYTES:
        _refuse(
            N_("%(file)s is too large; at most %(limit)s MB can be used."),
            file=name,
            limit=str(MAXIMUM_MB),
        )
    return content


def _as_unicode(name: str) -> str:
    """A file's name for people: what is no text in it, which a system may allow, as an escape."""
    try:
        return name.encode(errors="surrogateescape").decode(errors="backslashreplace")
    except UnicodeEncodeError:
        return name.encode(errors="backslashreplace").decode()


def _decode(name: str, content: bytes) -> str:
    """The text of a file. Raises `InvalidDataError` where it is none."""
    try:
        text = content.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        _refuse(
            N_("%(file)s is not UTF-8 text (see line %(line)s); save it as UTF-8."),
            file=name,
            line=f"{line:,}",
        )
    if "\0" in text:
        _refuse(N_("%(file)s holds zero bytes; it is not a text file."), file=name)
    if not text.strip():
        _refuse(N_("%(file)s is empty."), file=name)
    return text


def _read_rows(name: str, text: str) -> list[Example]:
    """Every row once, in the order of the file; empty lines are passed over."""
    if text.lstrip().startswith("["):
        _refuse(
            N_(
                "%(file)s is one JSON list; write one object a line, as "
                '{"prompt": "…", "completion": "…"}.'
            ),
            file=name,
        )
    rows, problems, wrong = [], [], 0
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        row = _read_row(line)
        if isinstance(row, Example):
            rows.append(row)
            continue
        wrong += 1
        if wrong <= NAMED_PROBLEMS:
            problems.append(Message(N_("line %(line)s: %(problem)s"), line=number, problem=row))
        if wrong == MOST_PROBLEMS:
            _refuse(
                N_("%(file)s: more than %(most)s rows cannot be used (%(listed)s)."),
                file=name,
                most=f"{MOST_PROBLEMS - 1:,}",
                listed=joined("; ", problems),
            )
    if wrong:
        _refuse_rows(name, problems, wrong, len(rows) + wrong)
    return list(dict.fromkeys(rows))


def _read_row(line: str) -> Example | Message:
    """The example on one line, or what is wrong with it."""
    try:
        values = json.loads(line, object_pairs_hook=_each_field_once, parse_int=_no_number)
    except _TwiceError as error:
        return error.message
    except (ValueError, RecursionError):
        return Message(N_("not JSON"))
    if not isinstance(values, dict):
        return Message(N_("not an object with “prompt” and “completion”"))
    for field in ("prompt", "completion"):
        if field not in values:
            return Message(N_("no “%s”"), field)
        if not isinstance(values[field], str):
            return Message(N_("“%s” is not text"), field)
        if not _is_unicode(values[field]):
            return Message(N_("“%s” holds half a character (a lone surrogate)"), field)
        if not values[field].strip():
            return Message(N_("an empty “%s”"), field)
    return Example(values["prompt"], values["completion"])


class _TwiceError(UserError):
    """An object has a field twice."""


def _each_field_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    values = dict(pairs)
    if len(values) < len(pairs):
        twice = next(name for name in values if sum(name == one for one, _value in pairs) > 1)
        raise _TwiceError(N_("“%s” twice"), as_shown(twice))
    return values


def _no_number(_digits: str) -> int:
    """What a whole number stands for: none is used, and Python reads none of 4,301 digits."""
    return 0


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _split_rows(name: str, rows: list[Example]) -> Task:
    if len(rows) < MINIMUM_ROWS:
        _refuse(
            N_(
                "%(file)s has too few different rows: %(rows)s, where at least %(least)s are "
                "needed."
            ),
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
            N_(
                "%(file)s is too short: %(length)s characters, where at least %(least)s are needed."
            ),
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


def _refuse_rows(name: str, problems: list[Message], wrong: int, rows: int) -> NoReturn:
    listed = joined("; ", problems)
    if wrong > len(problems):
        listed = joined("", [listed, Message(N_("; and %s more"), f"{wrong - len(problems):,}")])
    _refuse(
        N_("%(file)s: %(wrong)s of %(rows)s rows cannot be used (%(listed)s)."),
        file=name,
        wrong=f"{wrong:,}",
        rows=f"{rows:,}",
        listed=listed,
    )


def _refuse(text: str, **values: str | Message) -> NoReturn:
    raise InvalidDataError(text, **values)
