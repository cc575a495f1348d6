"""What went wrong in a job, as a sentence, and what to try."""

from __future__ import annotations

import errno

from lora_viz.errors import UserError, in_a_sentence
from lora_viz.i18n import _
from lora_viz.model_source import MissingModelError
from lora_viz.training.examples import InvalidDataError

OUT_OF_MEMORY = ("out of memory", "can't allocate memory", "cannot allocate memory")
DISK_FULL = ("no space left", "file write failed", "disk quota exceeded", "enforce fail")
MODEL_MISSING = ("is not a local folder", "couldn't connect", "offline mode", "not a valid model")


def explain(error: BaseException) -> tuple[str, str]:
    """The reason in one sentence, and what to try in another."""
    words = _words(error)
    if isinstance(error, InvalidDataError):
        return str(error), _("Correct the file or choose another, and start again.")
    if isinstance(error, MissingModelError):
        return str(error), _("Check its name, use a local folder, or take the embedded model.")
    if isinstance(error, UserError):
        return str(error), _("Change the setting that the message names and run again.")
    if _is_out_of_memory(error, words):
        return (
            _("There was not enough memory to train with these settings."),
            _(
                "Try a smaller batch with more gradient accumulation, shorter sequences, gradient "
                "checkpointing, or a smaller model."
            ),
        )
    if _is_disk_full(error, words):
        return (
            _("The disk is full."),
            _("Make room, by deleting old runs for example, and resume this one."),
        )
    if isinstance(error, OSError) and any(part in words for part in MODEL_MISSING):
        return (
            _("The model cannot be read: %s.") % in_a_sentence(error),
            _("Check its name, use a local folder, or take the embedded model."),
        )
    return (
        _("The job failed: %s.") % in_a_sentence(error),
        _("The file process.log in the run's folder has the details."),
    )


def _is_out_of_memory(error: BaseException, words: str) -> bool:
    return isinstance(error, MemoryError) or any(part in words for part in OUT_OF_MEMORY)


def _is_disk_full(error: BaseException, words: str) -> bool:
    full = (errno.ENOSPC, errno.EDQUOT)
    chain = [error, error.__cause__, error.__context__]
    if any(isinstance(one, OSError) and one.errno in full for one in chain):
        return True
    return any(part in words for part in DISK_FULL)


def _words(error: BaseException) -> str:
    return f"{type(error).__name__} {error}".lower()
