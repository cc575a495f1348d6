"""All tours by name: those that ship, and those in the folder that the server's settings name."""

from __future__ import annotations

import os
import re
import stat
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from lora_viz.errors import UserError
from lora_viz.i18n import N_, Message, encodable
from lora_viz.storage import expanded
from lora_viz.storage.plain_files import read_plain_file
from lora_viz.tours.author import Rules, read_tour
from lora_viz.tours.engineers import ENGINEERS
from lora_viz.tours.explainer import EXPLAINER
from lora_viz.tours.stakeholders import STAKEHOLDERS
from lora_viz.tours.tour import Tour
from lora_viz.tours.yaml_text import MAXIMUM_BYTES

FOLDER = "LORA_VIZ_TOURS"
SUFFIXES = (".yaml", ".yml")
NAME_FORM = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")  # in links
MOST_FILES = 50
SHIPPED = {tour.name: tour for tour in (EXPLAINER, STAKEHOLDERS, ENGINEERS)}


@dataclass(frozen=True)
class Shelf:
    """Tours by their names, and one sentence for each file that holds none."""

    tours: dict[str, Tour]
    refused: tuple[Message, ...]


def tours_of_folder(rules: Rules) -> Shelf:
    """The tours in `$LORA_VIZ_TOURS`, by the names of their files; none where it is not set."""
    folder = os.environ.get(FOLDER, "")
    if not folder:
        return Shelf({}, ())
    try:
        files = sorted(file for file in expanded(folder).iterdir() if file.suffix in SUFFIXES)
    except (OSError, ValueError):
        problem = Message(N_("%(name)s names a folder that cannot be read."), name=FOLDER)
        return Shelf({}, (problem,))
    tours, refused = {}, []
    for file in files[:MOST_FILES]:
        found = _tour_in(file, rules)
        if isinstance(found, Message):
            refused.append(found)
        elif found.name in tours:
            refused.append(
                Message(N_("%(file)s: rename it; another file has its name."), file=file.name)
            )
        else:
            tours[found.name] = found
    if len(files) > MOST_FILES:
        refused.append(
            Message(
                N_("%(name)s names a folder of %(files)s tours; the first %(most)s are shown."),
                name=FOLDER,
                files=len(files),
                most=MOST_FILES,
            )
        )
    return Shelf(tours, tuple(refused))


def _tour_in(file: Path, rules: Rules) -> Tour | Message:
    """The tour of a file, or why there is none."""
    if not NAME_FORM.fullmatch(file.stem) or file.stem in SHIPPED:
        return Message(
            N_(
                "%(file)s: rename it; links name a tour by its file, in small letters, digits and "
                "dashes, and other than the tours that ship."
            ),
            file=encodable(file.name),
        )
    try:
        found = file.stat()
    except OSError:
        return Message(N_("%(file)s cannot be read."), file=file.name)
    if not stat.S_ISREG(found.st_mode):  # the end of a device or a pipe may never come
        return Message(N_("%(file)s is not an ordinary file."), file=file.name)
    return _read_once(file, found.st_mtime_ns, found.st_size, rules)


@lru_cache(maxsize=2 * MOST_FILES)
def _read_once(file: Path, _changed: int, _size: int, rules: Rules) -> Tour | Message:
    """The same, read again only after the file has changed."""
    try:
        content = read_plain_file(file, MAXIMUM_BYTES + 1)
        return read_tour(file.stem, file.name, content, rules)
    except UserError as error:
        return error.message
    except OSError:
        return Message(N_("%(file)s cannot be read."), file=file.name)
