"""The formats in which a scenario is taken along: one entry each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from lora_viz.choices.declaration import as_shown
from lora_viz.choices.scenario import Scenario
from lora_viz.errors import UserError
from lora_viz.exports.accelerate import accelerate_yaml
from lora_viz.exports.axolotl import axolotl_yaml
from lora_viz.exports.comments import remark_lines
from lora_viz.exports.llama_factory import llama_factory_yaml
from lora_viz.exports.lora_config import adapter_config, lora_config_code
from lora_viz.exports.rules import Remark
from lora_viz.exports.script import trainer_script
from lora_viz.exports.subject import Subject
from lora_viz.i18n import N_


@dataclass(frozen=True)
class ExportFormat:
    """One format.

    Attributes:
        name: its name on the command line.
        label: what it is called in any language.
        file_name: what its file is called.
        purpose: what it is for; to be translated.
        write: the text, and the fields that it does not say.
        syntax: the language of its text, for those who colour it.
        has_comments: whether the text itself names what it does not say.
    """

    name: str
    label: str
    file_name: str
    purpose: str
    write: Callable[[Subject], tuple[str, list[Remark]]]
    syntax: str
    has_comments: bool = True


@dataclass(frozen=True)
class Exported:
    """A scenario in one format.

    Attributes:
        text: the file.
        unsaid: sentences on what it does not say, where it has no place for comments.
    """

    form: ExportFormat
    text: str
    unsaid: tuple[str, ...]


FORMATS: dict[str, ExportFormat] = {
    one.name: one
    for one in (
        ExportFormat(
            "lora-config",
            "LoraConfig",
            "lora_config.py",
            N_("PEFT's settings as Python, for a script of your own"),
            lora_config_code,
            "python",
        ),
        ExportFormat(
            "script",
            "PEFT + Trainer",
            "train.py",
            N_("a whole script that trains with PEFT and transformers' Trainer"),
            trainer_script,
            "python",
        ),
        ExportFormat(
            "axolotl",
            "axolotl",
            "axolotl.yaml",
            N_("for axolotl train"),
            axolotl_yaml,
            "yaml",
        ),
        ExportFormat(
            "llama-factory",
            "LLaMA-Factory",
            "llama_factory.yaml",
            N_("for llamafactory-cli train"),
            llama_factory_yaml,
            "yaml",
        ),
        ExportFormat(
            "accelerate",
            "accelerate",
            "accelerate.yaml",
            N_("for accelerate launch: how processes are started"),
            accelerate_yaml,
            "yaml",
        ),
        ExportFormat(
            "adapter-config",
            "adapter_config.json",
            "adapter_config.json",
            N_("what PEFT saves with an adapter"),
            adapter_config,
            "json",
            has_comments=False,
        ),
    )
}


def export(name: str, scenario: Scenario, class_name: str) -> Exported:
    """A scenario in the format of a name.

    Args:
        class_name: the model's class in transformers (`models.architecture.Architecture`).

    Raises:
        UserError: there is no such format, or it cannot hold the scenario.
    """
    form = format_named(name)
    text, remarks = form.write(Subject(scenario, class_name))
    return Exported(form, text, () if form.has_comments else tuple(remark_lines(remarks)))


def format_named(name: str) -> ExportFormat:
    """The format of a name. Raises `UserError` where there is none."""
    if name not in FORMATS:
        raise UserError(
            N_("There is no format “%(name)s”; the formats are %(names)s."),
            name=as_shown(name),
            names=", ".join(FORMATS),
        )
    return FORMATS[name]
