"""What the page “Bring your own” says of a file, and of the scenario that it sets."""

from __future__ import annotations

from typing import Any

import streamlit as st

from lora_viz.adapter.counts import line_of_peft
from lora_viz.adapter.layout import AdapterLayout
from lora_viz.checkpoint.sizes import adapter_bytes
from lora_viz.choices.declaration import as_shown
from lora_viz.choices.scenario import Scenario
from lora_viz.figures.wording.names import method_name
from lora_viz.format import grouped, size
from lora_viz.i18n import Message, _, plural
from lora_viz.imports.answer import Imported
from lora_viz.models.architecture import Architecture
from lora_viz.ui.bring_your_own.given import Given, is_in_use, use
from lora_viz.ui.kit import page
from lora_viz.ui.kit.literal import as_markdown
from lora_viz.ui.kit.messages import show_error, show_info


def what_is_given(given: Given | None) -> Imported | None:
    """What a file is, and the button that takes it over; what it says, if it says something."""
    if given is None:
        show_info(
            _(
                "Upload a file, or paste its text: an adapter_config.json, a model's config.json, "
                "a trainer_state.json, training arguments, or the YAML of axolotl, LLaMA-Factory, "
                "TRL, torchtune or Unsloth Studio. Nothing in it is run."
            )
        )
        return None
    if isinstance(given.found, Message):
        show_error(f"{given.name}: {given.found}")
        return None
    st.markdown(
        _("**%(name)s** is read as **%(kind)s**.")
        % {"name": as_markdown(given.name), "kind": as_markdown(given.found.kind)}
    )
    _offer(given.found)
    return given.found


def _offer(found: Imported) -> None:
    if found.scenario and is_in_use(found):
        st.caption(_("The scenario is as the file says."))
    elif found.scenario:
        if st.button(_("Use these settings"), key="use-brought", type="primary"):
            use(found)
        st.caption(_("The numbers below are still those of the scenario as you had it."))


def understood(found: Imported) -> None:
    """Each key that sets something, with what it sets; the others by their names."""
    rows = [
        {
            _("Key"): one.key,
            _("Value"): as_shown(one.value),
            _("Sets"): ", ".join(str(Scenario.label(name)) for name in one.fields),
            _("Said by"): _("default") if one.is_default else _("the file"),
        }
        for one in found.understood
        if one.fields
    ]
    if rows:
        words = plural("Understood: %s key", "Understood: %s keys", len(rows)) % len(rows)
        st.markdown(f"**{words}**")
        page.table(rows, "understood")
    for one in found.understood:
        if one.fields and one.note and not one.is_default:
            st.caption(f"{as_markdown(one.key)}: {as_markdown(one.note)}")
    unused = [one.key for one in found.understood if not one.fields]
    if unused:
        with st.expander(_("Understood, and without an effect on any number here")):
            st.markdown(as_markdown(", ".join(unused)))


def not_understood(found: Imported) -> None:
    """Each key that is left out of every number, and why."""
    if not found.not_understood:
        st.markdown(_("**Not understood: nothing**"))
        return
    count = len(found.not_understood)
    words = plural("Not understood: %s key", "Not understood: %s keys", count) % count
    st.markdown(f"**{words}**")
    rows: list[dict[str, Any]] = [
        {_("Key"): one.key, _("Value"): as_shown(one.value), _("Why"): str(one.why)}
        for one in found.not_understood
    ]
    page.table(rows, "not-understood")


def note_on_left_out(found: Imported) -> None:
    """Below the answer, how much of the file is not in it."""
    count = len(found.not_understood)
    if count and is_in_use(found):
        words = plural(
            "%s key of the file is not in this.", "%s keys of the file are not in this.", count
        )
        st.caption(words % count)


def line_and_bytes(
    scenario: Scenario, architecture: Architecture, layout: AdapterLayout | None
) -> None:
    """PEFT's line and the file's bytes; of full fine-tuning what all weights are."""
    if layout is None:
        st.markdown(
            _("%(method)s trains all %(count)s parameters; there is no adapter to save.")
            % {
                "method": method_name(scenario.method),
                "count": grouped(architecture.total_parameters),
            }
        )
        return
    st.code(line_of_peft(layout, scenario.rank), language=None, wrap_lines=True)
    count = adapter_bytes(layout, scenario.rank, *scenario.file_dtypes)
    st.markdown(
        _("`adapter_model.safetensors` has **%(bytes)s bytes** (%(size)s).")
        % {"bytes": grouped(count), "size": size(count)}
    )


def why() -> None:
    """What the page is for."""
    for point in (
        _(
            "Nobody who fine-tunes types settings by hand: they are in a file already. Read from "
            "there, no number is lost, and what this application does not simulate is named."
        ),
        _(
            "A key that is not understood is left out of every number on this page. Look at the "
            "list of them before you trust the answer."
        ),
        _(
            "Where a file leaves a setting out, the trainer's own default is taken, and said to be "
            "one."
        ),
    ):
        st.markdown(f"- {point}")


def sources() -> None:
    """Where each kind of file is described."""
    for name, address in SOURCES.items():
        st.markdown(f"- {as_markdown(name)}: <{address}>")


SOURCES = {
    "adapter_config.json": "https://huggingface.co/docs/peft/package_reference/lora",
    "TrainingArguments, trainer_state.json": (
        "https://huggingface.co/docs/transformers/main_classes/trainer"
    ),
    "TRL": "https://huggingface.co/docs/trl/sft_trainer",
    "axolotl": "https://docs.axolotl.ai/docs/config-reference.html",
    "LLaMA-Factory": "https://llamafactory.readthedocs.io/en/latest/advanced/arguments.html",
    "torchtune": "https://docs.pytorch.org/torchtune/stable/deep_dives/configs.html",
    "Unsloth Studio": "https://unsloth.ai/docs/new/studio",
}
