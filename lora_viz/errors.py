"""The one kind of error that is meant for a reader, and what is said of all others."""

from __future__ import annotations

from lora_viz.i18n import N_, Message, encodable

# how torch, the system, its loader, Python, C++ and NumPy say that memory ran out
NO_MEMORY = (
    "out of memory",
    "can't allocate memory",
    "cannot allocate memory",
    "failed to map segment",
    "can't start new thread",
    "bad_alloc",
    "unable to allocate",
    "without setting an exception",
    "without exception set",
)


class UserError(ValueError):
    """Something a reader asked for cannot be done.

    Its message is one sentence that names what is wrong and what would be right. Whoever shows the
    error gets it in their own language: `str()` translates.
    """

    def __init__(self, text: str | Message, /, *values: object, **named: object) -> None:
        """The message, or its text in English (marked by `N_`) with its values."""
        self.message = text if isinstance(text, Message) else Message(text, *values, **named)
        super().__init__(self.message)

    def __str__(self) -> str:
        return str(self.message)


def is_lack_of_memory(error: BaseException | None) -> bool:
    """Whether memory ran out, however a library and those who caught its error have put it."""
    while error is not None:
        said = f"{type(error).__name__} {error}".lower()
        if isinstance(error, MemoryError) or any(words in said for words in NO_MEMORY):
            return True
        error = error.__cause__ or error.__context__
    return False


class LastingError(UserError):
    """What takes a while to find out and is found out again whenever it is asked again.

    It is remembered, as an answer is: a question that takes too much time or memory, a step that
    cannot be simulated.
    """


def in_a_sentence(error: BaseException) -> str:
    """An error's message on one line, short enough for a sentence."""
    words = " ".join(str(error).split())
    if isinstance(error, KeyError):  # which says nothing but the key
        words = f"KeyError {words}"
    return encodable(words or type(error).__name__).rstrip(".:")[:300]


def with_its_words(sentence: str | Message, words: str) -> Message:
    """A sentence of our own, and after it, as a quotation, what a library or the system says."""
    text = N_("%(sentence)s In its own words: “%(words)s”.")
    return Message(text, sentence=sentence, words=words)
