"""Which kind of file a text is, and what it says."""

from __future__ import annotations

from lora_viz.errors import UserError
from lora_viz.i18n import N_
from lora_viz.imports.answer import Imported
from lora_viz.imports.axolotl import AXOLOTL
from lora_viz.imports.llama_factory import LLAMA_FACTORY
from lora_viz.imports.model_config import is_model_config, read_model_config
from lora_viz.imports.peft_files import ADAPTER_CONFIG
from lora_viz.imports.peft_line import counted_in, read_peft_line
from lora_viz.imports.plain_text import read_settings, text_of
from lora_viz.imports.reading import FileKind, Values, read_as
from lora_viz.imports.torchtune import TORCHTUNE
from lora_viz.imports.transformers_files import TRAINER_STATE, TRAINING_ARGUMENTS
from lora_viz.imports.trl import TRL
from lora_viz.imports.unsloth import UNSLOTH

# The first that a file is; whoever takes few keys for a sign comes last.
KINDS: tuple[FileKind, ...] = (
    ADAPTER_CONFIG,
    TRAINER_STATE,
    TORCHTUNE,
    UNSLOTH,
    AXOLOTL,
    LLAMA_FACTORY,
    TRL,
    TRAINING_ARGUMENTS,
)


def read_import(content: bytes) -> Imported:
    """What a file says of a scenario.

    Raises:
        UserError: one sentence on why it says nothing: it is no text, or of no known kind.
    """
    text = text_of(content)
    counted = None if text.lstrip().startswith("{") else counted_in(text)
    if counted is not None:
        return read_peft_line(counted)
    values = read_settings(text)
    if is_model_config(values):
        return read_model_config(text, values)
    return read_as(_kind_of(values), values)


def _kind_of(values: Values) -> FileKind:
    for kind in KINDS:
        if kind.is_it(values):
            return kind
    raise UserError(
        N_(
            "This is no file that is known here: give an adapter_config.json, a model's "
            "config.json, a trainer's YAML or JSON, or the line that PEFT prints."
        )
    )
