"""Read a pickle that holds nothing but plain data, without executing anything that it says."""

from __future__ import annotations

import pickle
from io import BytesIO
from pathlib import Path
from typing import Any, NoReturn

from lora_viz.errors import UserError
from lora_viz.i18n import N_
from lora_viz.storage.plain_files import read_plain_file

LARGEST_PICKLE_MB = 500
LARGEST_PICKLE_BYTES = LARGEST_PICKLE_MB * 10**6


def looks_like_pickle(path: Path) -> bool:
    """Whether a file begins as a pickle of today does, with the number of its protocol."""
    try:
        first = read_plain_file(path, 2)
    except (OSError, ValueError):
        return False
    return first[:1] == pickle.PROTO and first[1:] <= bytes([pickle.HIGHEST_PROTOCOL])


def read_plain_pickle(path: Path, name: str) -> Any:
    """What a pickle holds: dictionaries, lists, texts and numbers, nested as they are.

    A pickle can name any function and have it called. Here no name is looked up, so that there is
    nothing to call.

    Args:
        name: what the reader knows the file by.

    Raises:
        UserError: it cannot be read, is too large, is no pickle, or names a function or a class.
    """
    try:
        content = read_plain_file(path, LARGEST_PICKLE_BYTES + 1)
    except (OSError, ValueError):
        raise UserError(N_("%(file)s cannot be read."), file=name) from None
    if len(content) > LARGEST_PICKLE_BYTES:
        raise UserError(
            N_("%(file)s is too large; at most %(limit)s MB can be used."),
            file=name,
            limit=LARGEST_PICKLE_MB,
        )
    try:
        return _PlainUnpickler(BytesIO(content)).load()
    except UserError:
        raise
    except Exception:  # a damaged pickle raises whatever its bytes happen to lead to
        raise UserError(
            N_(
                "%(file)s is no snapshot of memory: give the pickle that "
                "torch.cuda.memory._dump_snapshot wrote."
            ),
            file=name,
        ) from None


class _PlainUnpickler(pickle.Unpickler):
    def find_class(self, module_name: str, global_name: str, /) -> NoReturn:
        raise UserError(
            N_(
                "This pickle asks for the function or class %s, which a snapshot of memory never "
                "does; nothing of it was run."
            ),
            f"{module_name}.{global_name}"[:60],
        )
