"""Links: the one place where an address becomes settings, and settings an address.

Anyone may have written a link. What it may set is declared with each field (`declared.InLinks`); a
wrong value costs one sentence and no more than that, however wrong it is, and no link makes the
application open a file that it names. Data that its reader has uploaded is known by a hash.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache

from lora_viz.choices.declaration import Declared, said_twice
from lora_viz.choices.scenario import Scenario
from lora_viz.errors import UserError
from lora_viz.i18n import DEFAULT_LANGUAGE, N_, Message
from lora_viz.training.data.uploads import kept_data, word_of_data
from lora_viz.training.settings import TrainingSettings
from lora_viz.ui.serving.reader import owner_of_uploads
from lora_viz.ui.session import short_links
from lora_viz.ui.session.view import View

OF_TRAINING = "train-"  # before the names of training settings: other fields share some
UPLOAD = OF_TRAINING + "upload"  # the word of uploaded data, which stands for it to its owner alone
LANGUAGE = Scenario.short_name("language")
MOST_COMPLAINTS = 5


@dataclass(frozen=True)
class Link:
    """What a link sets, and a few sentences on what is wrong in it."""

    scenario: Scenario
    view: View
    training: TrainingSettings
    complaints: list[Message]


def read(
    query: Mapping[str, str], spoken: str = DEFAULT_LANGUAGE, repeated: Iterable[str] = ()
) -> Link:
    """The settings of a link's parameters; names that are no setting's are left alone.

    Args:
        query: the parameters.
        spoken: the language of a link that names none, which is the browser's.
        repeated: the names that stand in it several times; what they say is not taken.
    """
    twice = [name for name in repeated if name in _names()]
    query = {name: value for name, value in query.items() if name not in twice}
    query, of_short_link = short_links.restored(query)
    scenario, of_scenario = Scenario.from_query(query)
    if not {"language", LANGUAGE} & set(query):
        scenario = scenario.changed(language=spoken)
    view, of_view = View.from_query(query)
    training, of_training = TrainingSettings.from_query(
        {
            name.removeprefix(OF_TRAINING): value
            for name, value in query.items()
            if name.startswith(OF_TRAINING)
        }
    )
    training, of_upload = _with_upload(training, query.get(UPLOAD, ""))
    complaints = _few(
        [*map(said_twice, twice), *of_short_link, *of_scenario, *of_view, *of_training, *of_upload]
    )
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
    upload = word_of_data(training.data_file)
    return (
        chosen
        | scenario.to_query()
        | view.to_query()
        | {OF_TRAINING + name: value for name, value in of_training}
        | ({UPLOAD: upload} if upload else {})
    )


def _with_upload(training: TrainingSettings, word: str) -> tuple[TrainingSettings, list[Message]]:
    """The settings with the uploaded data that a word stands for, and why that cannot be had."""
    if not word:
        return training, []
    try:
        return training.changed(data_file=str(kept_data(word, owner_of_uploads()))), []
    except UserError as error:
        return training, [error.message]


@cache
def _names() -> frozenset[str]:
    """Every name under which a link says something here."""
    declared: tuple[tuple[str, type[Declared]], ...] = (
        ("", Scenario),
        ("", View),
        (OF_TRAINING, TrainingSettings),
    )
    fields = {
        prefix + name
        for prefix, owner in declared
        for field in (*owner.model_fields, *owner.OTHER_SPELLINGS)
        for name in (field, owner.short_name(field))
    }
    return frozenset(fields | {short_links.SHORT, UPLOAD})


def _few(complaints: list[Message]) -> list[Message]:
    rest = len(complaints) - MOST_COMPLAINTS
    if rest <= 0:
        return complaints
    more = Message(N_("Further values in the link are not accepted: %s."), rest)
    return [*complaints[:MOST_COMPLAINTS], more]
