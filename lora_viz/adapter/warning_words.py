"""What a reader is told of an adapter: the sentences for its warnings."""

from __future__ import annotations

from collections.abc import Iterable

from lora_viz.adapter.layout import AdapterWarning, WarningKind
from lora_viz.i18n import N_, Message

# kinds that change what the adapter's numbers mean: they are said wherever those numbers stand
OF_NUMBERS: tuple[WarningKind, ...] = (
    "unmatched",
    "unsaved",
    "not_kept_tied",
    "nothing_tied",
    "no_such_layer",
    "excludes_nothing",
    "rank_unmatched",
    "alpha_unmatched",
    "parameter_unmatched",
    "experts_frozen",
)

TEXTS: dict[WarningKind, str] = {
    "ambiguous": N_("“%(target)s” matches %(count)s kinds of layer: %(kinds)s."),
    "frozen_head": N_(
        "PEFT does not train the head of %(name)s on its own: it only knows classifier, score "
        "and qa_outputs."
    ),
    "unsaved": N_(
        "No module is named “%(name)s”, so PEFT trains and saves nothing for it; outside of its "
        "blocks this model has %(kinds)s."
    ),
    "untied": N_(
        "The embedding and the head of this model share one weight. PEFT trains and saves a copy "
        "for each of %(kinds)s, which are no longer tied to anything; “Keep tied weights tied” "
        "trains one copy for all."
    ),
    "not_kept_tied": N_(
        "PEFT keeps weights tied only where embed_tokens or lm_head is among the names of modules "
        "to save, so %(kinds)s is trained and saved by itself."
    ),
    "no_such_layer": N_("No layer is adapted in a block number %(name)s; the first is 0."),
    "excludes_nothing": N_("“%(name)s” excludes nothing, as no module has such a name."),
    "rank_unmatched": N_(
        "No adapted layer matches “%(name)s”, so no layer gets the rank that is given for it."
    ),
    "alpha_unmatched": N_(
        "No adapted layer matches “%(name)s”, so no layer gets the alpha that is given for it."
    ),
    "parameter_unmatched": N_(
        "No parameter is named “%(name)s”, so nothing gets an adapter for it."
    ),
    "experts_frozen": N_(
        "Experts are %(name)s %% of this model, and none of them gets an adapter: their weights "
        "are stacked parameters and no layers, which only target parameters name."
    ),
    "nothing_tied": N_(
        "No weight of this model is tied to its embedding, so there is nothing to keep tied."
    ),
}


def sentences_of_numbers(warnings: Iterable[AdapterWarning]) -> list[Message]:
    """What has to stand beside the adapter's numbers: what was named and is not there."""
    warnings = tuple(warnings)
    unmatched = unmatched_sentence(warnings)
    others = (one for one in warnings if one.kind in OF_NUMBERS and one.kind != "unmatched")
    return [*([unmatched] if unmatched else []), *map(_sentence, others)]


def other_sentences(warnings: Iterable[AdapterWarning]) -> list[Message]:
    """The other warnings, which change no number's meaning."""
    return [_sentence(warning) for warning in warnings if warning.kind not in OF_NUMBERS]


def unmatched_sentence(warnings: Iterable[AdapterWarning]) -> Message | None:
    """Which targets match no layer; None where all match one."""
    unmatched = [warning for warning in warnings if warning.kind == "unmatched"]
    if not unmatched:
        return None
    return Message(
        N_(
            "No layer matches %(targets)s, so only the other targets get an adapter; this model "
            "has %(kinds)s."
        ),
        targets=", ".join(f"“{warning.name}”" for warning in unmatched),
        kinds=", ".join(unmatched[0].kinds),
    )


def _sentence(warning: AdapterWarning) -> Message:
    return Message(
        _text(warning),
        name=warning.name,
        target=warning.name,
        kinds=", ".join(warning.kinds),
        count=len(warning.kinds),
    )


def _text(warning: AdapterWarning) -> str:
    if warning.kind == "unsaved" and "," in warning.name:
        return N_(
            "“%(name)s” is one name with a comma in it, which no module has, so PEFT trains and "
            "saves nothing for it; give each name by itself."
        )
    return TEXTS[warning.kind]
