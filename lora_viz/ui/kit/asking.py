"""Answers for the page: at once if known, else with a message while a worker finds them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import streamlit as st

from lora_viz.adapter.layout import AdapterLayout, read_adapter_layout
from lora_viz.choices.scenario import ALL_LINEAR, Scenario
from lora_viz.errors import UserError
from lora_viz.i18n import _
from lora_viz.models.architecture import Architecture, read_architecture
from lora_viz.questions import kept
from lora_viz.ui.kit.messages import show_error, waiting
from lora_viz.ui.session.state import scenario

Answer = TypeVar("Answer")


def answer(
    message: str,
    function: Callable[..., Answer],
    *arguments: Any,
) -> Answer:
    """What `function` answers; `message` says meanwhile what is being worked out.

    A question that has no answer ends the page's run with the one sentence that says why.
    """
    found = answer_or_reason(message, function, *arguments)
    if isinstance(found, UserError):
        show_error(str(found))
        st.stop()
    return found


def answer_or_reason(
    message: str,
    function: Callable[..., Answer],
    *arguments: Any,
) -> Answer | UserError:
    """What `function` answers, or why it does not, for a page that can go on without."""
    found = kept.known(function, *arguments)
    if found is not None:
        return found
    try:
        with waiting(message):
            return kept.ask(function, *arguments)
    except UserError as error:
        return error


def architecture() -> Architecture:
    """The layers of the scenario's model."""
    model = scenario().model
    return answer(_("Reading the layers of %s …") % model, read_architecture, model)


def check_model(model: str, name: str) -> None:
    """Read a model's layers before it is used. Raises `UserError` where it cannot be built."""
    with waiting(_("Reading the layers of %s …") % name):
        kept.ask(read_architecture, model)


def layout_or_reason(of: Scenario) -> AdapterLayout | UserError:
    """The adapter of any scenario, or why it has none."""
    return answer_or_reason(
        _("Asking PEFT which layers it adapts …"),
        read_adapter_layout,
        of.model,
        of.target_modules,
        of.bias,
        of.dora,
    )


def adapter_layout(targets: tuple[str, ...] | None = None) -> AdapterLayout:
    """The adapter of the scenario, or the one that other target modules would give."""
    now = scenario()
    return answer(
        _("Asking PEFT which layers it adapts …"),
        read_adapter_layout,
        now.model,
        targets or now.target_modules,
        now.bias,
        now.dora,
    )


def known_targets() -> tuple[str, ...]:
    """What can be adapted: the model's kinds of linear layer, if they have been read yet, or all
    of them."""
    found = kept.known(read_architecture, scenario().model)
    layers = found.linear_layers() if found else ()
    return (*dict.fromkeys(layer.module_type for layer in layers), ALL_LINEAR)
