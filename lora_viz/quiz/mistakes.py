"""What somebody has thought who chooses a wrong answer; more than one question uses each."""

from __future__ import annotations

from lora_viz.format import BINARY_UNITS
from lora_viz.i18n import N_, Message

ONE_MATRIX = Message(N_("That counts one of the two matrices. A and B are both there."))
ONE_GROWS = Message(N_("That lets one of the two matrices grow. A and B both follow the rank."))
COUNTED_TWICE = Message(N_("That counts A and B twice."))
GROWS_TWICE = Message(N_("That lets the rank count twice. A and B each grow with it once."))
WITH_THIS_RANK = Message(N_("That is the answer for the rank that you have now."))
FROZEN_WEIGHT = Message(N_("That is W itself, which stays frozen."))
ALPHA_SCALES = Message(
    N_("Alpha only scales what B × A adds. It changes no shape, so no file and no rank.")
)
BINARY_UNITS_SAID_DECIMAL = Message(
    N_(
        "That counts in binary units, such as MiB (2²⁰ bytes), and gives them the names of "
        "decimal ones, such as MB (10⁶ bytes)."
    )
)
WITH_OPTIMIZER = Message(N_("That includes the optimizer's state, which is saved in another file."))
OTHER_RULE = Message(N_("That is the other rule: LoRA divides alpha by r, rsLoRA by its root."))
UPSIDE_DOWN = Message(N_("That is r divided by alpha. It is alpha that is divided."))
ONE_BYTE = Message(N_("That is one byte for each value. float32 takes four, half two."))
AS_BEFORE = Message(N_("That is the answer without the change."))
BASE_TWO = Message(N_("That is 2 to the power of the loss. The loss is in nats, so the base is e."))


def binary_for_decimal(number_of_bytes: float) -> float:
    """The bytes that somebody believes in who counts in binary units and says decimal ones."""
    step = 0
    while number_of_bytes / 1024**step >= 1024 and step < len(BINARY_UNITS) - 1:
        step += 1
    return number_of_bytes / 1024**step * 1000**step
