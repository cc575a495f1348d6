"""Scenarios side by side: what is compared, and how a link holds all of them.

A scenario in a link is its own link parameters, `model=…&rank=…` without what is a default, and
several stand in one parameter with `~` between them.
"""

from __future__ import annotations

from urllib.parse import parse_qsl, urlencode

from lora_viz.choices.declaration import said_twice
from lora_viz.choices.scenario import Scenario
from lora_viz.errors import UserError
from lora_viz.i18n import N_, Message, counted

MOST = 4
BETWEEN = "~"
# what changes the pages, not the training
OUTSIDE = ("language", "tasks")


def encode(scenarios: tuple[Scenario, ...]) -> str:
    """Scenarios as the value of one link parameter; "" for none.

    A scenario of nothing but defaults still names its model, so that it is seen to be there.
    """
    return BETWEEN.join(
        urlencode({"model": scenario.model} | plain(scenario).differing(), safe=",:/").replace(
            BETWEEN, "%7E"
        )
        for scenario in scenarios
    )


def for_link(text: str) -> str:
    """What a link may hold of a comparison: all but scenarios whose model is a local folder."""
    scenarios, _complaints = decode(text)
    return encode(tuple(one for one in scenarios if one.fits_links("model")))


def decode(text: str, *, from_link: bool = False) -> tuple[tuple[Scenario, ...], list[Message]]:
    """The scenarios that `encode` wrote, and one sentence for each that is left out.

    One with a wrong value is left out as a whole: with a default in its place it would be another.

    Args:
        from_link: the text is a link's, which anyone may have written, and not this session's.
    """
    make = Scenario.make_from_link if from_link else Scenario.make
    scenarios: list[Scenario] = []
    complaints: list[Message] = []
    parts = [part for part in text.split(BETWEEN) if part]
    for number, part in enumerate(parts[:MOST], 1):
        try:
            scenarios.append(plain(make(_each_setting_once(part))))
        except UserError as error:
            complaints.append(
                Message(
                    N_("Scenario %(number)s of the comparison is left out: %(reason)s"),
                    number=number,
                    reason=error,
                )
            )
    if len(parts) > MOST:
        complaints.append(
            counted(
                "A comparison holds at most %(most)s scenarios; %(count)s more is left out.",
                "A comparison holds at most %(most)s scenarios; %(count)s more are left out.",
                len(parts) - MOST,
                most=MOST,
            )
        )
    return tuple(dict.fromkeys(scenarios)), complaints


def _each_setting_once(part: str) -> dict[str, str]:
    """The parameters of one scenario. Raises `UserError` where one stands twice."""
    pairs = parse_qsl(part, keep_blank_values=True)
    if twice := Scenario.named_twice(name for name, _value in pairs):
        raise UserError(said_twice(twice[0]))
    return dict(pairs)


def plain(scenario: Scenario) -> Scenario:
    """A scenario without what changes only the pages."""
    defaults = Scenario()
    return scenario.model_copy(update={field: getattr(defaults, field) for field in OUTSIDE})


def differing_fields(scenarios: tuple[Scenario, ...]) -> list[str]:
    """The settings that are not the same in all scenarios, in the order of their declaration."""
    return [
        field
        for field in Scenario.model_fields
        if field not in OUTSIDE and len({getattr(scenario, field) for scenario in scenarios}) > 1
    ]
