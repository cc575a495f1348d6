"""The line that PEFT's `print_trainable_parameters` prints, wherever it stands in a log."""

from __future__ import annotations

import re

from lora_viz.i18n import N_, Message
from lora_viz.imports.answer import Counted, Imported, Understood
from lora_viz.models.catalogue import catalogue

KIND = "print_trainable_parameters"
NUMBER = r"([\d,]{1,40})"
LINE = re.compile(
    rf"trainable params:\s*{NUMBER}\s*\|\|\s*all params:\s*{NUMBER}\s*\|\|\s*trainable%:\s*"
    r"(\d{1,3}(?:\.\d{1,20})?)"
)


def counted_in(text: str) -> Counted | None:
    """The three numbers of the last such line in a text; None where there is none."""
    counted = None
    for found in LINE.finditer(text):
        trainable, everything = (int(found[place].replace(",", "") or 0) for place in (1, 2))
        counted = Counted(trainable, everything, float(found[3]))
    return counted


def read_peft_line(counted: Counted) -> Imported:
    """What the line says: the model too, where one of the catalogue has that many parameters."""
    frozen = counted.everything - counted.trainable
    models = [entry for entry in catalogue().values() if entry.parameters == frozen]
    scenario = {"model": models[0].key} if len(models) == 1 else {}
    note = None
    if scenario:
        note = Message(
            N_("Without what is trained these are the parameters of %s."), models[0].name
        )
    return Imported(
        KIND,
        scenario,
        (
            Understood("trainable params", counted.trainable),
            Understood("all params", counted.everything, tuple(scenario), note),
            Understood("trainable%", counted.percent),
        ),
        counted=counted,
    )
