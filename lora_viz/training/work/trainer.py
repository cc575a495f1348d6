"""The settings of a job as transformers' Trainer takes them."""

from __future__ import annotations

import math
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch.utils.data import Dataset
from transformers import PrinterCallback, Trainer, TrainerCallback, TrainingArguments

from lora_viz.training.data.tokens import TokenSequence, collate
from lora_viz.training.settings import TrainingSettings
from lora_viz.training.work.loading import Place

OPTIMIZERS = {
    "adamw": "adamw_torch",
    "adamw_fused": "adamw_torch_fused",
    "adamw_loop": "adamw_torch",
    "adamw_8bit": "adamw_bnb_8bit",
    "sgd": "sgd",
}
SCHEDULES = {"constant": "constant_with_warmup", "linear": "linear", "cosine": "cosine"}
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
        optimizer_cls_and_kwargs=_one_by_one(settings),
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
        optim=OPTIMIZERS[scenario.optimizer],
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


def _one_by_one(settings: TrainingSettings) -> tuple[Any, dict[str, Any]] | None:
    """AdamW that updates one tensor after the other, which Trainer has no name for."""
    if settings.scenario.optimizer != "adamw_loop":
        return None
    return torch.optim.AdamW, {"lr": settings.learning_rate, "foreach": False, "fused": False}
