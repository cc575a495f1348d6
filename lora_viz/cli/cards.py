"""What the command line says of several cards."""

from __future__ import annotations

from typing import Any

from lora_viz.choices.several_cards import SHARDINGS
from lora_viz.format import grouped
from lora_viz.i18n import _, plural


def of_cards(answer: dict[str, Any]) -> str:
    """The card that an answer is about, and that it is one of several."""
    if answer["cards"] == 1:
        return answer["gpu"]
    return _("%(gpu)s, each of %(count)s cards (%(sharding)s)") % {
        "gpu": answer["gpu"],
        "count": grouped(answer["cards"]),
        "sharding": SHARDINGS[answer["sharding"]].label,
    }


def cards_as_text(answer: dict[str, Any]) -> str:
    """One line for each way to spread the step."""
    lines = []
    for name, count in answer["fewest_cards"].items():
        if name in answer["refused"]:
            said = answer["refused"][name]
        elif count is None:
            said = _("%s cards are too few") % answer["most_tried"]
        else:
            said = plural("%s card is enough", "%s cards are enough", count) % count
        lines.append(f"{SHARDINGS[name].label:<8} {answer['gpu']}: {said}")
    return "\n".join(lines)
