"""Steps a second of a training job, beside a bare loop of torch and PEFT on the same work."""

from __future__ import annotations

import tempfile
from pathlib import Path
from time import perf_counter
from typing import Any

from benchmarks._tables import print_table, ratio, seconds

ROUNDS = 3
EMBEDDED: dict[str, Any] = {"steps": 50}
SMALL: dict[str, Any] = {"steps": 8, "evaluation_sequences": 2, "evaluate_every": 4}
SMALL_BATCH = {"batch_size": 1, "seq_len": 128}


def run() -> None:
    """Measure and print the table."""
    from lora_viz.training.settings import EMBEDDED_MODEL
    from lora_viz.training.work.loading import weights_source

    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        small = _shape_of_gpt2_small(folder / "gpt2-shape", weights_source(EMBEDDED_MODEL))
        rows = [
            _row("embedded model, 8 × 128 tokens", folder, {}, EMBEDDED),
            _row("GPT-2 small’s shape, 1 × 128 tokens", folder, small, SMALL),
        ]
    print_table(
        f"A training step ({ROUNDS} rounds, in one process, in turn): in a job with all that it "
        "records, and in\na bare loop that evaluates as often and records nothing.",
        ("Model", "bare loop", "job", "job's speed / bare loop's"),
        rows,
    )


def _row(
    name: str, folder: Path, scenario: dict[str, Any], values: dict[str, Any]
) -> tuple[str, ...]:
    from lora_viz.training.settings import TrainingSettings, training_scenario

    settings = TrainingSettings.make({"scenario": training_scenario(scenario), **values})
    bare, job = [], []
    for number in range(1 + ROUNDS):  # the first does not count
        jobs_folder = folder / f"{name}-{number}"
        for times, measure in ((bare, _bare_step), (job, _job_step)):
            took = measure(settings, jobs_folder)
            if number:
                times.append(took)
    return name, seconds(bare), seconds(job), ratio(bare, job)


def _job_step(settings: Any, folder: Path) -> float:
    """Seconds a step from the first to the last, by the times of the job's own events."""
    from lora_viz.training.jobs.job import do_job
    from lora_viz.training.jobs.record import Record
    from lora_viz.training.jobs.stopping import StopSignal
    from lora_viz.training.runs.events import StepEvent
    from lora_viz.training.runs.kept_runs import create_run

    run = create_run(settings, "job", folder)
    result = do_job(run, settings, StopSignal(), Record(run), simulates_memory=False)
    assert result.state == "finished", result.reason
    times = [event.time for event in run.events() if isinstance(event, StepEvent)]
    return (times[-1] - times[0]) / (len(times) - 1)


def _bare_step(settings: Any, _folder: Path) -> float:
    """The same steps on the same data with AdamW, clipping and a linear schedule."""
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import get_linear_schedule_with_warmup

    from lora_viz.training.data.tasks import load_task
    from lora_viz.training.data.tokens import collate, spread, tokenize
    from lora_viz.training.work.evaluation import mean_loss
    from lora_viz.training.work.loading import Place, load_base, load_tokenizer

    scenario = settings.scenario
    parts = tokenize(load_task("style"), load_tokenizer(scenario.model), scenario.seq_len)
    config = LoraConfig(
        r=scenario.rank, lora_alpha=scenario.alpha, target_modules=list(scenario.target_modules)
    )
    model: Any = get_peft_model(load_base(scenario, Place("cpu", False)), config)
    weights = [weight for weight in model.parameters() if weight.requires_grad]
    optimizer = torch.optim.AdamW(weights, lr=settings.learning_rate, weight_decay=0.0)
    schedule = get_linear_schedule_with_warmup(optimizer, settings.warmup_steps, settings.steps)
    evaluated = [
        spread(part, settings.evaluation_sequences) for part in (parts.validation, parts.held_out)
    ]
    order = torch.randperm(len(parts.train), generator=torch.Generator().manual_seed(0)).tolist()
    started = 0.0
    model.train()
    for step in range(settings.steps):
        places = order[step * scenario.batch_size : (step + 1) * scenario.batch_size]
        model(**collate([parts.train[place] for place in places], 0)).loss.backward()
        torch.nn.utils.clip_grad_norm_(weights, 1.0)
        optimizer.step()
        schedule.step()
        optimizer.zero_grad()
        if step == 0:
            started = perf_counter()
        elif (step + 1) % settings.evaluate_every == 0 and step + 1 < settings.steps:
            for part in evaluated:
                mean_loss(model, part, scenario.batch_size, _go_on)
    return (perf_counter() - started) / (settings.steps - 1)


def _go_on() -> None:
    """Nobody asks the bare loop to stop."""


def _shape_of_gpt2_small(folder: Path, tokenizer_folder: str) -> dict[str, Any]:
    """A GPT-2 of 12 layers × 768 with random weights, and the scenario that trains it."""
    from transformers import AutoTokenizer, GPT2Config, GPT2LMHeadModel

    GPT2LMHeadModel(GPT2Config()).save_pretrained(folder)
    AutoTokenizer.from_pretrained(tokenizer_folder).save_pretrained(folder)
    targets = ("c_attn", "attn.c_proj")
    return {"model": str(folder), "target_modules": targets, **SMALL_BATCH}
