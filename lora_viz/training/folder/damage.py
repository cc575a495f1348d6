"""What is wrong with a file or a folder of a run, as a value, and in a sentence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from pydantic import ValidationError

from lora_viz.errors import UserError, in_a_sentence
from lora_viz.format import THIN_SPACE
from lora_viz.i18n import N_, Message

DamageKind = Literal[
    "missing",
    "leads_nowhere",
    "link",
    "folder",
    "no_folder",
    "special",
    "refused",
    "empty",
    "too_large",
    "not_json",
    "unknown",
    "lacks",
    "value",
    "lines",
    "later_lines",
    "no_tensors",
    "outside",
]

LONGEST_NAME = 120  # of what a file says, in a sentence


@dataclass(frozen=True)
class Damage:
    """What is wrong with one file or folder of a run; `file` is below the run's folder.

    `detail` is what the kind needs: a reason, a field's name, a number of lines, a size.
    """

    file: str
    kind: DamageKind
    detail: str = ""

    def sentence(self) -> Message:
        """It in one sentence on one line."""
        named = {"file": _printable(self.file), "detail": _printable(self.detail)}
        return Message(_SENTENCES[self.kind], **named)


class DamagedFileError(UserError):
    """A file of a run cannot be read; `damage` says why."""

    def __init__(self, damage: Damage) -> None:
        super().__init__(damage.sentence())
        self.damage = damage


def damage_of(name: str, content: bytes, error: Exception) -> Damage:
    """What is wrong with a file whose content was refused."""
    if not content.strip():
        return Damage(name, "empty")
    if not isinstance(error, ValidationError):
        return Damage(name, "refused", in_a_sentence(error))
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    field = ".".join(map(str, first["loc"]))[:80]
    if first["type"] == "json_invalid":
        return Damage(name, "not_json")
    if first["type"] == "extra_forbidden":
        return Damage(name, "unknown", field)
    return Damage(name, "lacks" if first["type"] == "missing" else "value", field)


def of_system(name: str, error: Exception) -> Damage:
    """That the system refused a file, and why."""
    reason = getattr(error, "strerror", None) or in_a_sentence(error)
    return Damage(name, "refused", str(reason))


def _printable(words: str) -> str:
    shown = "".join(one if one.isprintable() or one == THIN_SPACE else "�" for one in words)
    return shown if len(shown) <= LONGEST_NAME else f"{shown[:LONGEST_NAME]}…"


_SENTENCES: dict[DamageKind, str] = {
    "missing": N_("%(file)s is missing."),
    "leads_nowhere": N_("%(file)s is a link that leads nowhere."),
    "link": N_(
        "%(file)s is a link, and what it leads to is not the run's to write; put the file or the "
        "folder itself there."
    ),
    "folder": N_("%(file)s is a folder where a file should be."),
    "no_folder": N_("%(file)s is a file where a folder should be."),
    "special": N_("%(file)s is not an ordinary file."),
    "refused": N_("%(file)s cannot be read: %(detail)s."),
    "empty": N_("%(file)s is empty."),
    "too_large": N_("%(file)s is too large to be read: %(detail)s."),
    "not_json": N_("%(file)s is not whole JSON."),
    "unknown": N_("%(file)s has “%(detail)s”, which this version does not know."),
    "lacks": N_("%(file)s lacks “%(detail)s”."),
    "value": N_("%(file)s has a value of “%(detail)s” that this version cannot use."),
    "lines": N_("%(file)s has lines that cannot be read; they are left out: %(detail)s."),
    "later_lines": N_(
        "%(file)s has lines of kinds that this version does not know; they are left out: "
        "%(detail)s."
    ),
    "no_tensors": N_("%(file)s holds no whole tensors."),
    "outside": N_("“%(file)s” is recorded as a file of the run and lies outside of its folder."),
}
