"""What a job trains and evaluates on, as sequences of tokens."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from safetensors.torch import save_file

from lora_viz.i18n import counted
from lora_viz.training.data.examples import Task
from lora_viz.training.data.tasks import load_task, pretraining_sample
from lora_viz.training.data.tokens import (
    Parts,
    TokenSequence,
    collate,
    spread,
    text_blocks,
    tokenize,
)
from lora_viz.training.jobs.record import Record
from lora_viz.training.runs.events import Part
from lora_viz.training.runs.run_folder import Run
from lora_viz.training.settings import TrainingSettings
from lora_viz.training.work.loading import need_context


@dataclass(frozen=True)
class JobData:
    """A task's parts, those of their sequences that are evaluated, and the pretraining text's."""

    task: Task
    parts: Parts
    evaluated: dict[Part, list[TokenSequence]]
    pretraining: list[TokenSequence]

    @property
    def held_out(self) -> list[TokenSequence]:
        """What is only reported on."""
        return self.evaluated["held_out"]

    def keep_held_out(self, run: Run) -> None:
        """Keep the very tokens that the held-out loss is over in the run's folder."""
        tokens = collate(self.held_out, padding=0)
        tokens.pop("attention_mask", None)
        save_file(tokens, run.path / "held_out_tokens.safetensors")


def read_job_data(
    settings: TrainingSettings, tokenizer: Any, config: Any, record: Record
) -> JobData:
    """Read a job's data for a model; what is left out of it is noted in the record.

    Raises:
        UserError: the data cannot be read, or the model not be trained with it.
    """
    seq_len, most = settings.scenario.seq_len, settings.evaluation_sequences
    need_context(config, seq_len)
    task = load_task(settings.task, settings.data_file)
    parts = tokenize(task, tokenizer, seq_len)
    _say_what_is_left_out(parts, seq_len, record)
    return JobData(
        task,
        parts,
        {"validation": spread(parts.validation, most), "held_out": spread(parts.held_out, most)},
        spread(text_blocks(pretraining_sample(), tokenizer, seq_len), most),
    )


def _say_what_is_left_out(parts: Parts, seq_len: int, record: Record) -> None:
    if parts.too_long:
        record.notice(
            counted(
                "%(count)s example is longer than %(tokens)s tokens and was left out.",
                "%(count)s examples are longer than %(tokens)s tokens and were left out.",
                parts.too_long,
                tokens=f"{seq_len:,}",
            )
        )
    if parts.without_tokens:
        record.notice(
            counted(
                "%(count)s example has a prompt or a completion without a token of this model "
                "and was left out.",
                "%(count)s examples have a prompt or a completion without a token of this "
                "model and were left out.",
                parts.without_tokens,
            )
        )
