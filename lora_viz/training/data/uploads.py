"""A reader's uploaded data, by a word that stands for it in the reader's own links.

The word is a hash of the file, of its name and of whose it is. So it leads to nothing but this very
file, and nobody else to it: data that one reader has uploaded is not another's to train on.
"""

from __future__ import annotations

import hashlib
import re
from contextlib import suppress
from pathlib import Path

from lora_viz import storage
from lora_viz.errors import UserError
from lora_viz.i18n import N_
from lora_viz.storage.plain_files import read_plain_file
from lora_viz.training.data.own_data import MAXIMUM_BYTES, file_name_for, path_on_disk

KIND = "training_data"
FORM = re.compile(r"[0-9a-f]{16}")


def keep_data(name: str, content: bytes, owner: str) -> Path:
    """Keep an upload where its owner's link and a job's process find it. Raises `UserError`."""
    safe = file_name_for(name)
    return storage.keep(KIND, f"{_word_for(safe, content, owner)}/{safe}", content)


def word_of_data(data_file: str) -> str:
    """The word that stands for a data file; "" where it is no upload."""
    folder = path_on_disk(data_file).parent
    is_upload = folder.parent == storage.kept_file(KIND, "") and FORM.fullmatch(folder.name)
    return folder.name if is_upload else ""


def kept_data(word: str, owner: str) -> Path:
    """The upload that a word stands for.

    Raises:
        UserError: there is none, it is no more what it was, or it is not this owner's.
    """
    folder = storage.kept_file(KIND, word)
    if FORM.fullmatch(word):
        with suppress(OSError):
            for file in folder.iterdir():
                content = read_plain_file(file, MAXIMUM_BYTES + 1)
                if _word_for(file.name, content, owner) == word:
                    return file
    raise UserError(
        N_("The link names uploaded data that is not kept here for you; upload it again.")
    )


def _word_for(name: str, content: bytes, owner: str) -> str:
    parts = (owner.encode(), name.encode(errors="surrogateescape"), content)
    return hashlib.sha256(b"\0".join(parts)).hexdigest()[:16]
