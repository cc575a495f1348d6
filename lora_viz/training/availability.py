"""Whether a scenario can be trained on this machine, as far as that is known without torch."""

from __future__ import annotations

import re
from collections.abc import Callable

from lora_viz.choices.scenario import Scenario
from lora_viz.errors import UserError
from lora_viz.i18n import N_, Message
from lora_viz.models.catalogue import catalogue, weights_folder
from lora_viz.models.source import HUB_ID_FORM, local_config, local_path, resolve

OTHER_HEADS = re.compile(
    "For(SequenceClassification|TokenClassification|QuestionAnswering|MultipleChoice)$"
)
WEIGHTS = ("*.safetensors", "pytorch_model*.bin")
FILES_ON_THE_HUB = (
    "model.safetensors",
    "model.safetensors.index.json",
    "pytorch_model.bin",
    "pytorch_model.bin.index.json",
)
# what configurations call the length of the context
CONTEXT_NAMES = ("max_position_embeddings", "n_positions")


def why_not_trainable(
    scenario: Scenario, *, hub_answers: Callable[[], bool], has_gpu: bool
) -> Message | None:
    """One sentence on what is missing; None where training can be tried.

    `hub_answers` is asked only for a model whose weights are not on this machine.
    """
    missing = _why_no_weights(scenario.model, hub_answers) or _why_wrong_head(scenario.model)
    if missing is None and scenario.task_type not in ("auto", "CAUSAL_LM"):
        return Message(
            N_("Training jobs are for language models; choose CAUSAL_LM or auto, not %s."),
            scenario.task_type,
        )
    if missing is None and scenario.is_quantized and not has_gpu:
        return Message(N_("QLoRA needs an NVIDIA GPU, and this machine has none; choose LoRA."))
    return missing


def _why_wrong_head(model: str) -> Message | None:
    """Jobs load every model as a language model, which would leave its own head out unseen."""
    file = local_config(model)
    if file is None:
        return None
    try:
        named = resolve(model).values.get("architectures") or ()
    except UserError:  # what loads the model says what is wrong with it
        return None
    for name in named if isinstance(named, (list, tuple)) else ():
        if isinstance(name, str) and OTHER_HEADS.search(name):
            return Message(
                N_(
                    "Training jobs are for language models, and this one is a %s; choose a model "
                    "with a head for causal language modelling."
                ),
                name[:80],
            )
    return None


def longest_sequence(model: str) -> int | None:
    """How many tokens a model of the catalogue reads at most; None where that is not known."""
    config = catalogue()[model].config if model in catalogue() else {}
    return next((config[name] for name in CONTEXT_NAMES if config.get(name)), None)


def _why_no_weights(model: str, hub_answers: Callable[[], bool]) -> Message | None:
    if weights_folder(model):
        return None
    path = local_path(model)
    if path and path.is_dir():
        if any(any(path.glob(pattern)) for pattern in WEIGHTS):
            return None
        return Message(N_("The folder %s holds no weights (*.safetensors)."), model)
    if model.startswith(("custom:", "upload:")) or path:
        return Message(
            N_("This model is a configuration without weights, so there is nothing to train.")
        )
    hub_id = catalogue()[model].hub_id if model in catalogue() else model
    if not HUB_ID_FORM.fullmatch(hub_id) or _is_kept(hub_id) or hub_answers():
        return None
    return Message(
        N_("The weights of %s are not on this machine, and the hub cannot be reached to get them."),
        hub_id,
    )


def _is_kept(hub_id: str) -> bool:
    """Whether weights of a hub model were fetched before."""
    from huggingface_hub import try_to_load_from_cache

    return any(isinstance(try_to_load_from_cache(hub_id, name), str) for name in FILES_ON_THE_HUB)
