"""The work of one job: load, measure the base, train, save, measure again, check.

Importing this module loads torch, transformers and PEFT; only a job's own process does.
"""

from __future__ import annotations

import gc
import os
import shutil
from typing import Any

import torch
import transformers
from torch import nn

from lora_viz.adapter.warning_words import sentences_of_numbers
from lora_viz.adapter.warnings_from_peft import names_of, warnings_of
from lora_viz.errors import UserError
from lora_viz.i18n import N_, Message
from lora_viz.training.jobs.failures import DivergedError
from lora_viz.training.jobs.record import Record
from lora_viz.training.jobs.stopping import StopSignal
from lora_viz.training.runs.events import ResumedEvent
from lora_viz.training.runs.results import BeforeAfter, Files
from lora_viz.training.runs.run_folder import Run
from lora_viz.training.settings import EMBEDDED_MODEL, TrainingSettings
from lora_viz.training.work import checks
from lora_viz.training.work.adapter_card import name_publicly, write_card
from lora_viz.training.work.adapting import adapt, trainable
from lora_viz.training.work.before_after import AnswersCompared
from lora_viz.training.work.callback import NothingLeftError, Recorder, evaluation_event
from lora_viz.training.work.evaluation import Losses, are_finite
from lora_viz.training.work.job_data import read_job_data
from lora_viz.training.work.layer_changes import full_changes, lora_changes
from lora_viz.training.work.loading import (
    choose_place,
    describe_machine,
    load_base,
    load_tokenizer,
    make_deterministic,
    several_were_asked_for,
    silence_libraries,
)
from lora_viz.training.work.measurements import MemoryMeter, base_hash, file_bytes
from lora_viz.training.work.simulated import simulated_peak
from lora_viz.training.work.snapshots import Snapshots
from lora_viz.training.work.trainer import make_trainer


def fine_tune(
    run: Run,
    settings: TrainingSettings,
    stop: StopSignal,
    record: Record,
    *,
    simulates_memory: bool,
) -> None:
    """Do the whole job; what is found out goes to `record` as soon as it is known.

    Raises:
        UserError: the settings cannot be trained with here; the message says why.
        StopRequestedError: the job was asked to stop while it was not training.
    """
    work = _FineTuning(run, settings, stop, record)
    work.load()
    work.tokenize()
    if record.writes:
        work.measure_base()
    work.train()
    if not record.writes:
        return
    work.save()
    if not stop.requested:
        work.measure_trained(simulates_memory)
        work.check()
        record.is_complete = True


class _FineTuning:
    """One job's model and data on their way through its phases."""

    def __init__(
        self, run: Run, settings: TrainingSettings, stop: StopSignal, record: Record
    ) -> None:
        self._run = run
        self._settings = settings
        self._scenario = settings.scenario
        self._stop = stop
        self._record = record
        self._is_full = not settings.scenario.trains_adapter
        self._is_training = False

    def load(self) -> None:
        """The tokenizer and the base model; the seed is set before anything is random."""
        silence_libraries()
        self._place = choose_place(self._settings)
        if self._place.device == "cuda":
            make_deterministic()
        processes = int(os.environ.get("WORLD_SIZE", "1"))
        self._record.keep(machine=describe_machine(self._place, processes))
        if processes == 1 and several_were_asked_for():
            self._record.notice(
                Message(
                    N_(
                        "accelerate started one process, because it found fewer than two GPUs. "
                        "Start it as “accelerate launch --multi_gpu --num_processes 2 …”, which "
                        "works on processors too."
                    )
                )
            )
        self._tokenizer = load_tokenizer(self._scenario.model)
        self._model: Any = load_base(self._scenario, self._place)
        self._meter = MemoryMeter(self._place.device)
        self._record.keep(
            total_parameters=sum(one.numel() for one in self._model.parameters()),
            base_sha256_before=base_hash(self._model),
        )

    def tokenize(self) -> None:
        """The task's parts as sequences; what is evaluated is kept in the run's folder."""
        self._stop.check()
        self._record.begin("tokenising")
        self._data = read_job_data(
            self._settings, self._tokenizer, self._model.config, self._record
        )
        self._losses = Losses(self._data, self._scenario.batch_size, self._check_outside_training)
        if self._record.writes:
            self._data.keep_held_out(self._run)

    def measure_base(self) -> None:
        """The base model's losses and answers, before there is an adapter."""
        self._record.begin("evaluating")
        checkpoint = self._run.last_checkpoint()
        if self._run.events_file.stat().st_size and self._was_started():
            step = int(checkpoint.name.split("-")[-1]) if checkpoint else -1
            self._record.write(ResumedEvent(step=step))
            self._record.keep(resumed_from=step if checkpoint else None)
        losses = self._losses.with_pretraining(self._model)
        if not are_finite(losses):
            raise UserError(
                N_(
                    "The model's loss is not a finite number before any training. Its weights "
                    "are damaged, or too large for %s, and float32 would be right."
                ),
                self._scenario.base_dtype,
            )
        self._before = losses
        if checkpoint is None:
            for part, loss in losses.items():
                self._record.write(evaluation_event(0, part, loss))
        self._answers = AnswersCompared(
            self._data.parts, self._tokenizer, self._settings, self._stop.check
        )
        self._answers.read_before(self._model)
        self._base_logits = checks.logits_of(self._model, self._data.held_out)
        self._record.keep(
            own_pretraining_text=self._scenario.model == EMBEDDED_MODEL,
            **{part: BeforeAfter(before=loss) for part, loss in losses.items()},
        )

    def train(self) -> None:
        """Adapt the model and let Trainer train it, from the last checkpoint if there is one."""
        self._stop.check()
        self._record.begin("training")
        checkpoint = self._run.last_checkpoint()
        transformers.set_seed(self._settings.seed)
        names = names_of(self._model)
        self._model = adapt(self._model, self._scenario)
        if not self._is_full:
            found = warnings_of(self._model, self._scenario.lora_choices, names)
            for sentence in sentences_of_numbers(found):
                self._record.notice(sentence)
        self._record.keep(trainable_parameters=trainable(self._model))
        snapshots = None
        if self._record.writes and self._settings.snapshot_every:
            snapshots = Snapshots(self._run, self._model, self._scenario)
            if checkpoint is None:
                self._record.write(snapshots.take(0))
        step = int(checkpoint.name.split("-")[-1]) if checkpoint else -1
        earlier = [event for event in self._run.events() if getattr(event, "step", step) <= step]
        recorder = Recorder(
            self._settings,
            self._record,
            self._stop,
            self._losses.of,
            snapshots,
            self._meter,
            earlier,
        )
        trainer = make_trainer(
            self._model,
            self._settings,
            self._place,
            self._data.parts.train,
            self._tokenizer.pad_token_id or 0,
            self._run.checkpoints_folder,
            recorder,
        )
        self._is_training = True
        try:
            trainer.train(resume_from_checkpoint=str(checkpoint) if checkpoint else None)
            takes_steps = True
        except NothingLeftError:
            takes_steps = False
        self._is_training = False
        self._recorder = recorder
        # without the wrappers for several processes and mixed precision, as others will load it
        self._model = trainer.accelerator.unwrap_model(trainer.model, keep_fp32_wrapper=False)
        self._memory = self._meter.whole() if takes_steps else None
        self._record.keep(memory=self._memory)

    def save(self) -> None:
        """The adapter in PEFT's format, or the whole model; sizes of the real files.

        The folder is there whole or not at all, however the job ends meanwhile.
        """
        folder = self._run.model_folder if self._is_full else self._run.adapter_folder
        unfinished = self._run.path / ".saving"
        shutil.rmtree(unfinished, ignore_errors=True)
        self._model.save_pretrained(str(unfinished))
        self._tokenizer.save_pretrained(str(unfinished))
        name_publicly(unfinished, self._scenario.model)
        write_card(unfinished, self._settings, self._record.found)
        shutil.rmtree(folder, ignore_errors=True)
        unfinished.replace(folder)
        checkpoint = self._run.last_checkpoint()
        saved = file_bytes(folder, ["*.safetensors"])
        self._record.keep(
            base_sha256_after=base_hash(self._model),
            files=Files(
                adapter=None if self._is_full else saved,
                model=saved if self._is_full else None,
                optimizer=file_bytes(checkpoint, ["optimizer.*"]) if checkpoint else None,
            ),
        )

    def measure_trained(self, simulates_memory: bool) -> None:
        """The same losses and answers as before training, and what was simulated."""
        self._record.begin("evaluating")
        # mixed precision was on in the last evaluation of the training; others load without it
        measured = None if self._place.bfloat16 else self._recorder.last_losses
        after = self._losses.with_pretraining(self._model, measured)
        if not are_finite(after):
            raise DivergedError(self._record.found["steps"], self._recorder.last_rate)
        self._record.keep(
            **{
                part: BeforeAfter(before=self._before[part], after=loss)
                for part, loss in after.items()
            }
        )
        saved = self._run.model_folder if self._is_full else self._run.adapter_folder
        write_card(saved, self._settings, self._record.found)
        self._answers.read_after(self._model)
        self._record.keep(**self._answers.findings())
        if simulates_memory and self._memory:
            peak = simulated_peak(
                self._scenario, self._place.bfloat16, self._data.task.kind, self._record.log
            )
            self._record.keep(
                memory=self._memory.model_copy(update={"simulated_peak_allocated": peak})
            )

    def check(self) -> None:
        """Load what was saved as others will, and compare."""
        self._stop.check()
        self._record.begin("checking")
        found, scenario = self._record.found, self._scenario
        sequences = self._data.held_out
        done = [
            checks.check_base_unchanged(
                found["base_sha256_before"], found["base_sha256_after"], scenario
            )
        ]
        trained = checks.logits_of(self._model, sequences)
        if self._is_full:
            self._model = self._model.cpu()
            done.append(checks.check_reloaded_model(self._load_trained, sequences, trained))
            base = load_base(scenario, choose_place(self._settings)).cpu()
            changes = full_changes(self._run, base, self._model)
        else:
            off = checks.check_adapter_off(self._model, sequences, self._base_logits, scenario)
            done += [off, checks.check_rank(self._model)]
            changes = list(lora_changes(self._model, scenario.is_quantized))
            self._forget_model()
            done += checks.check_reloaded(
                self._run, lambda: load_base(scenario, self._place), sequences, trained, scenario
            )
        self._record.keep(checks=tuple(done), layer_changes=tuple(changes))

    def _was_started(self) -> bool:
        """Whether an earlier process trained or evaluated already."""
        return any(getattr(event, "step", None) is not None for event in self._run.events())

    def _check_outside_training(self) -> None:
        """While it trains, Trainer stops after the step instead, with a checkpoint."""
        if not self._is_training:
            self._stop.check()

    def _load_trained(self) -> nn.Module:
        scenario = self._scenario.changed(model=str(self._run.model_folder))
        return load_base(scenario, self._place)

    def _forget_model(self) -> None:
        """Make room: the model that was trained is not needed any more."""
        del self._model
        gc.collect()
        if self._place.device == "cuda":
            torch.cuda.empty_cache()
