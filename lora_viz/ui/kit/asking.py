"""Answers for the page: at once if known, else with a message while a worker finds them."""

from __future__ import annotations

from lora_viz.adapter.layout import AdapterLayout
from lora_viz.choices.scenario import Scenario
from lora_viz.choices.targets import ALL_LINEAR
from lora_viz.errors import UserError
from lora_viz.i18n import _
from lora_viz.models.architecture import Architecture
from lora_viz.questions import kept
from lora_viz.questions.ask_for import adapter_of, architecture_of
from lora_viz.questions.question import Answer, Question
from lora_viz.ui.kit.messages import show_error, waiting
from lora_viz.ui.page_end.stopping import stop_page
from lora_viz.ui.session.state import scenario


def answer(message: str, question: Question[Answer]) -> Answer:
    """The answer of a question; `message` says meanwhile what is being worked out.

    A question that has no answer ends the page's run with the one sentence that says why.
    """
    found = answer_or_reason(message, question)
    if isinstance(found, UserError):
        show_error(str(found))
        stop_page()
    return found


def answer_or_reason(message: str, question: Question[Answer]) -> Answer | UserError:
    """The answer of a question, or why it has none, for a page that can go on without."""
    found = kept.known(question)
    if found is not None:
        return found
    try:
        with waiting(message):
            return kept.ask(question)
    except UserError as error:
        return error


def architecture() -> Architecture:
    """The layers of the scenario's model."""
    model = scenario().model
    return answer(_("Reading the layers of %s …") % model, architecture_of(model))


def check_model(model: str, name: str) -> None:
    """Read a model's layers before it is used. Raises `UserError` where it cannot be built."""
    with waiting(_("Reading the layers of %s …") % name):
        kept.ask(architecture_of(model))


def layout_or_reason(of: Scenario) -> AdapterLayout | UserError:
    """The adapter of any scenario, or why it has none."""
    return answer_or_reason(_("Asking PEFT which layers it adapts …"), adapter_of(of))


def adapter_layout(targets: tuple[str, ...] | None = None) -> AdapterLayout:
    """The adapter of the scenario, or the one that other target modules would give."""
    now = scenario()
    of = now.changed(target_modules=targets) if targets else now
    return answer(_("Asking PEFT which layers it adapts …"), adapter_of(of))


def known_targets() -> tuple[str, ...]:
    """What can be adapted: the model's kinds of linear layer, if they have been read yet, or all
    of them."""
    found = kept.known(architecture_of(scenario()))
    layers = found.linear_layers() if found else ()
    return (*dict.fromkeys(layer.module_type for layer in layers), ALL_LINEAR)
