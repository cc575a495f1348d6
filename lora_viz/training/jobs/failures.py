"""What went wrong in a job, as a sentence, and what to try."""

from __future__ import annotations

import errno
import resource

from lora_viz.errors import UserError, in_a_sentence, is_lack_of_memory, with_its_words
from lora_viz.i18n import N_, Message
from lora_viz.models.source import MissingModelError
from lora_viz.storage import UnwritableFolderError
from lora_viz.training.data.examples import InvalidDataError

DISK_FULL = ("no space left", "disk quota exceeded")
FILE_TOO_LARGE = ("file too large",)
NOT_WRITTEN = ("file write failed", "enforce fail")  # torch.save, which does not say why
READ_ONLY = ("read-only file system", "permission denied")
MODEL_MISSING = ("is not a local folder", "couldn't connect", "offline mode", "not a valid model")


NOTHING = Message("")


class DivergedError(UserError):
    """A loss, a gradient or a weight stopped being a finite number at `step`."""

    def __init__(self, step: int, learning_rate: float) -> None:
        self.step = step
        super().__init__(
            N_(
                "Training diverged at step %(step)s: the loss, the gradient or a weight is not a "
                "finite number; the learning rate there was %(rate)s."
            ),
            step=f"{step:,}",
            rate=f"{learning_rate:.3g}",
        )


def explain(error: BaseException) -> tuple[Message, Message]:
    """The reason in one sentence, and what to try in another."""
    words = _words(error)
    if isinstance(error, DivergedError):
        return error.message, Message(
            N_(
                "Start again with a lower learning rate or a longer warm-up; resumed, it would "
                "diverge again."
            )
        )
    if isinstance(error, UnwritableFolderError):
        return error.message, NOTHING
    if isinstance(error, InvalidDataError):
        return error.message, Message(N_("Correct the file or choose another, and start again."))
    if isinstance(error, MissingModelError):
        return error.message, Message(
            N_("Check its name, use a local folder, or take the embedded model.")
        )
    if isinstance(error, UserError):
        return error.message, Message(
            N_("Change the setting that the message names and run again.")
        )
    if is_lack_of_memory(error):
        return (
            Message(N_("There was not enough memory to train with these settings.")),
            Message(
                N_(
                    "Try a smaller batch with more gradient accumulation, shorter sequences, "
                    "gradient checkpointing, or a smaller model."
                )
            ),
        )
    if written := _why_not_written(error, words):
        return written
    if isinstance(error, OSError) and any(part in words for part in MODEL_MISSING):
        return (
            with_its_words(Message(N_("The model cannot be read.")), in_a_sentence(error)),
            Message(N_("Check its name, use a local folder, or take the embedded model.")),
        )
    return (
        with_its_words(_failed(error), in_a_sentence(error)),
        Message(N_("The file process.log in the run's folder has the details.")),
    )


def _failed(error: BaseException) -> Message:
    kind = type(error).__name__
    return Message(N_("The job failed, for a reason that was not foreseen (%s)."), kind)


def _why_not_written(error: BaseException, words: str) -> tuple[Message, Message] | None:
    """Why a file could not be written and what to try; None if the error is about another thing."""
    chain = [error, error.__cause__, error.__context__]
    numbers = {one.errno for one in chain if isinstance(one, OSError)}

    def is_one(of_system: set[int], parts: tuple[str, ...]) -> bool:
        return bool(numbers & of_system) or any(part in words for part in parts)

    says_nothing = any(part in words for part in NOT_WRITTEN)
    if is_one({errno.EFBIG}, FILE_TOO_LARGE) or (says_nothing and _has_file_limit()):
        return (
            Message(N_("A file reached the largest size that is allowed here (ulimit -f).")),
            Message(N_("Raise that limit and resume this run.")),
        )
    if is_one({errno.ENOSPC, errno.EDQUOT}, DISK_FULL) or says_nothing:
        return (
            Message(N_("The disk is full.")),
            Message(N_("Free some space, for example by deleting old runs, and resume this one.")),
        )
    if is_one({errno.EROFS, errno.EACCES, errno.EPERM}, READ_ONLY):
        return (
            with_its_words(Message(N_("A file cannot be read or written.")), in_a_sentence(error)),
            Message(N_("Make its folder writable and resume this run.")),
        )
    return None


def _has_file_limit() -> bool:
    return resource.getrlimit(resource.RLIMIT_FSIZE)[0] != resource.RLIM_INFINITY


def _words(error: BaseException) -> str:
    return f"{type(error).__name__} {error}".lower()
