"""Where this project keeps files of its own, and what is said where they cannot be written."""

from __future__ import annotations

import errno
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lora_viz.errors import UserError
from lora_viz.i18n import N_, encodable

STORAGE = "LORA_VIZ_STORAGE"
RUNS = "LORA_VIZ_RUNS"
FULL = (errno.ENOSPC, errno.EDQUOT)


class UnwritableFolderError(UserError, OSError):
    """A folder takes no files; the message names it and says what would be right."""


def runs_folder() -> Path:
    """Where runs are kept: `$LORA_VIZ_RUNS`, or `runs` in the working directory.

    Raises:
        UserError: it names the home of a user whom this machine does not know.
    """
    return expanded(os.environ.get(RUNS) or "runs")


def base_folder() -> Path:
    """Where kept things lie: `$LORA_VIZ_STORAGE` or `~/.cache/lora_viz`."""
    if given := os.environ.get(STORAGE):
        return expanded(given)
    try:
        return Path("~/.cache/lora_viz").expanduser().absolute()
    except RuntimeError:  # a user without a home
        return Path(tempfile.gettempdir()) / f"lora_viz-{os.getuid()}"


def storage_folder(name: str) -> Path:
    """A folder of `base_folder`, made if it is not there.

    Raises:
        UnwritableFolderError: it is not there and cannot be made.
    """
    folder = base_folder() / name
    with writing_in(folder, STORAGE):
        folder.mkdir(parents=True, exist_ok=True)
    return folder


def writable_folder(name: str) -> Path:
    """A storage folder that takes files now. Raises `UnwritableFolderError`."""
    folder = storage_folder(name)
    with writing_in(folder, STORAGE):
        need_writable(folder)
    return folder


def is_writable(folder: Path) -> bool:
    """Whether this process may make files in a folder."""
    return os.access(folder, os.W_OK | os.X_OK)


def need_writable(folder: Path) -> None:
    """Raise `OSError` where a folder, or the file system that it is on, takes no files."""
    if not is_writable(folder):
        is_read_only = os.statvfs(folder).f_flag & os.ST_RDONLY
        why = errno.EROFS if is_read_only else errno.EACCES
        raise OSError(why, os.strerror(why), str(folder))


def need_text(folder: Path, variable: str) -> None:
    """Raise `UserError` where a folder's path is no text: libraries cannot write there.

    Python holds such a path with half characters: bytes that are no UTF-8, or that the locale's
    encoding lacks.
    """
    shown = encodable(str(folder))
    if shown != str(folder):
        raise UserError(
            N_(
                "The path %(folder)s is no text in this locale, and libraries cannot write there; "
                "name another in %(variable)s."
            ),
            folder=shown,
            variable=variable,
        )


@contextmanager
def writing_in(folder: Path, variable: str) -> Iterator[None]:
    """Within this block a folder is written; where that fails, one sentence names the folder.

    Args:
        folder: what the sentence names.
        variable: the environment variable that can name another folder.

    Raises:
        UnwritableFolderError: the block raised `OSError`.
    """
    try:
        yield
    except UnwritableFolderError:
        raise
    except OSError as error:
        values = {
            "folder": folder,
            "reason": error.strerror or str(error) or type(error).__name__,
            "variable": variable,
        }
        if error.errno in FULL:
            text = N_("The disk that holds %(folder)s is full; make room and try again.")
        elif error.errno == errno.EFBIG:
            text = N_("Files in %(folder)s reach the limit that is set here; raise “ulimit -f”.")
        else:
            text = N_(
                "The folder %(folder)s cannot be written (%(reason)s); make it writable, or name "
                "another in %(variable)s."
            )
        raise UnwritableFolderError(text, **values) from error


def expanded(path: str) -> Path:
    """A path as a person wrote it, made absolute; a leading ~ is the home folder.

    Raises:
        UserError: it begins with the home of a user whom this machine does not know, or with a
            working directory that has been deleted.
    """
    try:
        return Path(path).expanduser().absolute()
    except RuntimeError:
        raise UserError(
            N_("“%s” begins with the home of a user whom this machine does not know."), path[:80]
        ) from None
    except OSError:
        raise UserError(
            N_("The folder in which this was started is gone; start it in another.")
        ) from None
