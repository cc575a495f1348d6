"""Links: the one place where an address becomes settings, and settings an address.

Anyone may have written a link. What it may set is declared with each field (`declared.InLinks`); a
wrong value costs one sentence and no more than that, however wrong it is, and no link makes the
application open a file that it names.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from lora_viz.choices.scenario import Scenario
from lora_viz.i18n import DEFAULT_LANGUAGE, _, set_language
from lora_viz.training.settings import TrainingSettings
from lora_viz.ui.session.view import View

OF_TRAINING = "train-"  # before the names of training settings: other fields share some
LANGUAGE = Scenario.short_name("language")
MOST_COMPLAINTS = 5


@dataclass(frozen=True)
class Link:
    """What a link sets, and a few sentences on what is wrong in it."""

    scenario: Scenario
    view: View
    training: TrainingSettings
    complaints: list[str]


def read(query: Mapping[str, str], spoken: str = DEFAULT_LANGUAGE) -> Link:
    """The settings of a link's parameters; names that are no setting's are left alone.

    Args:
        query: the parameters.
        spoken: the language of a link that names none, which is the browser's. What is wrong in
            the link is said in the link's language, which this sets.
    """
    named = _named_language(query)
    language = Scenario.from_query(named)[0].language if named else spoken
    set_language(language)
    scenario, of_scenario = Scenario.from_query(query)
    scenario = scenario.changed(language=language)
    view, of_view = View.from_query(query)
    training, of_training = TrainingSettings.from_query(
        {
            name.removeprefix(OF_TRAINING): value
            for name, value in query.items()
            if name.startswith(OF_TRAINING)
        }
    )
    complaints = _few(of_scenario + of_view + of_training)
    return Link(scenario, view, training.with_scenario(scenario), complaints)


def write(
    scenario: Scenario, view: View, training: TrainingSettings, spoken: str = DEFAULT_LANGUAGE
) -> dict[str, str]:
    """The parameters of a link to these settings; what is as usual is left out.

    English is as usual, but not where the browser asks for another language that is `spoken` here.
    """
    usual = TrainingSettings.make({"scenario": scenario})
    of_training = training.to_query(usual).items()
    chosen = {LANGUAGE: scenario.language} if scenario.language != spoken else {}
    return (
        chosen
        | scenario.to_query()
        | view.to_query()
        | {OF_TRAINING + name: value for name, value in of_training}
    )


def _named_language(query: Mapping[str, str]) -> dict[str, str]:
    return {name: query[name] for name in ("language", LANGUAGE) if name in query}


def _few(complaints: list[str]) -> list[str]:
    rest = len(complaints) - MOST_COMPLAINTS
    if rest <= 0:
        return complaints
    more = _("Further values in the link are not accepted: %s.") % rest
    return [*complaints[:MOST_COMPLAINTS], more]
