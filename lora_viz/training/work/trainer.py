"""The settings of a job as transformers' Trainer takes them."""

from __future__ import annotations

import math
from functools import partial
from pathlib import Path
from pydoc import locate
from typing import Any

from torch import nn
from torch.utils.data import Dataset
from transformers import PrinterCallback, Trainer, TrainerCallback, TrainingArguments

from lora_viz.choices.optimizers import OPTIMIZERS
from lora_viz.training.data.tokens import TokenSequence, collate
from lora_viz.training.settings import TrainingSettings
from lora_viz.training.work.loading import Place

SCHEDULES = {"constant": "constant_with_warmup", "linear": "linear", "cosine": "cosine"}
UNUSED = "adamw_torch"  # a name that Trainer wants also where it is given the optimizer's class
KEPT_CHECKPOINTS = 2  # the one before stays until the next is complete


class Sequences(Dataset[TokenSequence]):
    """Token sequences as Trainer's data loader wants them."""

    def __init__(self, sequences: list[TokenSequence]) -> None:
        self._sequences = sequences

    def __len__(self) -> int:
        return len(self._sequences)

    def __getitem__(self, place: int) -> TokenSequence:
        return self._sequences[place]


def make_trainer(
    model: nn.Module,
    settings: TrainingSettings,
    place: Place,
    sequences: list[TokenSequence],
    padding: int,
    folder: Path,
    callback: TrainerCallback,
) -> Trainer:
    """A Trainer that takes the job's steps, logs each of them and reports to nobody else."""
    trainer = Trainer(
        model=model,
        args=_arguments(settings, place, folder),
        train_dataset=Sequences(sequences),
        data_collator=partial(collate, padding=padding),
        callbacks=[callback],
        optimizer_cls_and_kwargs=_without_a_name(settings),
    )
    trainer.remove_callback(PrinterCallback)
    return trainer


def _arguments(settings: TrainingSettings, place: Place, folder: Path) -> TrainingArguments:
    scenario = settings.scenario
    return TrainingArguments(
        output_dir=str(folder),
        per_device_train_batch_size=scenario.batch_size,
        gradient_accumulation_steps=scenario.gradient_accumulation,
        max_steps=-1 if settings.epochs else settings.steps,
        num_train_epochs=settings.epochs or 1.0,
        learning_rate=settings.learning_rate,
        lr_scheduler_type=SCHEDULES[settings.schedule],
        warmup_steps=settings.warmup_steps,
        optim=OPTIMIZERS[scenario.optimizer].trainer_name or UNUSED,
        # an infinite bound measures the norm and scales nothing
        max_grad_norm=1.0 if scenario.gradient_clipping else math.inf,
        activation_checkpointing=scenario.gradient_checkpointing,
        activation_checkpointing_kwargs={"use_reentrant": False},
        bf16=place.bfloat16,
        use_cpu=place.device == "cpu",
        seed=settings.seed,
        logging_steps=1,
        logging_nan_inf_filter=False,
        include_num_input_tokens_seen="all",
        save_strategy="steps" if settings.checkpoint_every else "no",
        save_steps=settings.checkpoint_every or 500,
        save_total_limit=KEPT_CHECKPOINTS,
        report_to="none",
        disable_tqdm=True,
        remove_unused_columns=False,
        dataloader_pin_memory=place.device == "cuda",
        ddp_find_unused_parameters=False,
    )


def _without_a_name(settings: TrainingSettings) -> tuple[Any, dict[str, Any]] | None:
    """The class and the options of an optimizer that Trainer has no name for."""
    optimizer = OPTIMIZERS[settings.scenario.optimizer]
    if optimizer.trainer_name is not None:
        return None
    return locate(optimizer.torch_class), {"lr": settings.learning_rate, **optimizer.torch_options}
