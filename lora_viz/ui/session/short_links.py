"""Short links: `?s=HASH` stands for the parameters that are kept under this hash.

What is kept is read as if it had been in the address: by the same declarations, which allow the
same. The hash is of what is kept, so that a damaged or an exchanged file is not taken for it.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from urllib.parse import parse_qsl, urlencode

from lora_viz import storage
from lora_viz.errors import UserError
from lora_viz.i18n import N_, Message

SHORT = "s"
KIND = "links"
FORM = re.compile(r"[0-9a-f]{16}")
LONGEST = 40_000  # bytes of what one link stands for; a comparison alone may take half of it
MOST_PARAMETERS = 300
LONGEST_SHOWN = 40


def keep_link(query: Mapping[str, str]) -> str:
    """Keep a link's parameters and return the word that stands for them.

    Raises:
        UserError: they are too long, or cannot be kept.
    """
    text = urlencode(sorted(query.items())).encode()
    if len(text) > LONGEST:
        raise UserError(N_("This link is too long to be kept; copy the whole one."))
    word = _word_for(text)
    if _kept(word) is None:  # or what is there was damaged
        storage.keep(KIND, word, text)
    return word


def restored(query: Mapping[str, str]) -> tuple[dict[str, str], list[Message]]:
    """The parameters of an address with what its short link stands for, and what is wrong with it.

    What stands in the address besides counts more.
    """
    rest = {name: value for name, value in query.items() if name != SHORT}
    word = query.get(SHORT)
    if word is None:
        return rest, []
    kept = _kept(word)
    if kept is None:
        text = N_("The short link “%s” is not known here; ask for the whole link.")
        return rest, [Message(text, word[:LONGEST_SHOWN])]
    return kept | rest, []


def _kept(word: str) -> dict[str, str] | None:
    """What is kept under a word; None where there is nothing, or not what the word was for."""
    if not FORM.fullmatch(word):
        return None
    try:
        text = storage.read(KIND, word)
        if len(text) > LONGEST or _word_for(text) != word:
            return None
        return dict(
            parse_qsl(text.decode(), keep_blank_values=True, max_num_fields=MOST_PARAMETERS)
        )
    except (OSError, ValueError):
        return None


def _word_for(text: bytes) -> str:
    return hashlib.sha256(text).hexdigest()[:16]
