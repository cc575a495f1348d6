"""A real fine-tuning job: its settings, its own process, and its folder of results.

settings, availability, perplexity
    What a job is told; what can be trained here; exp(loss) and how it is shown.
folder, runs, sweeps, jobs, data
    What the folders of a run and a sweep have in common; these two; a job's process; what is
    trained on.
update
    ΔW of a run, rebuilt from its B and A; what uses torch there is in `by_torch`.
work
    What a job does once it has its turn. It loads torch, and so do `data`'s tokens; nothing
    else does when it is imported, since pages and the command line start jobs with it.

A run is a folder, `runs/NAME/` (`$LORA_VIZ_RUNS/NAME/` where that variable is set), and all that
is known about the run is in it:

settings.json
    `settings.TrainingSettings`, written first.
events.jsonl
    One `events.Event` as JSON a line, flushed: state, step, evaluation, snapshot, checkpoint,
    resumed, notice. Every event has `kind` and `time` (seconds since 1970). A last line that is
    only half written is not read. After a `resumed` event at step n, what an earlier process had
    recorded beyond step n no longer counts; `events.read_events` leaves it out.
snapshots/base.safetensors
    `LAYER.weight`, the base weights W (out, in) of the layers that are followed, before training.
snapshots/step-000015.safetensors
    For each followed layer: `LAYER.A` (r, in), `LAYER.B` (out, r) and, with DoRA,
    `LAYER.magnitude` (out,); in full fine-tuning `LAYER.delta`, ΔW (out, in).
    `snapshots.read_snapshot` gives A, B and ΔW = scaling · B · A as numpy arrays.
adapter/
    The adapter in PEFT's format with its tokenizer and a card; in full fine-tuning `model/`, the
    whole model. Nothing in it names a place of this machine.
checkpoints/checkpoint-N/
    What Trainer needs to go on at step N; complete once a `checkpoint` event names it.
held_out_tokens.safetensors
    `input_ids` and `labels` (sequences, tokens), the very tokens that the held-out loss is over;
    a label of −100 is not counted.
result.json
    `results.Result`, written last and in one piece, over the bytes of `.reserve`, which the run
    takes at its start. Resuming a stopped or failed run puts it aside as
    `result.before_resuming.json`.
owner
    Where several readers share a server: whose the run is (`folder.owners`); a sweep's is that of
    its runs.
job.lock
    Locked (flock) by the job's process for as long as it lives; `process.json` has its pid, and
    `process.log` what it printed.

A sweep is a folder of its own beside its runs, with `sweep.json` (`sweeps.plan.SweepPlan`),
`end.json` (`sweeps.sweep.SweepEnd`), `owner`, `job.lock`, `process.json` and `process.log`.

Whatever stands in the place of a file, `folder.files` reads it or says what is wrong with it, as a
`Damage`. `run_folder.read_run` gives a `Run`, or an `UnreadableRun` where its settings are damaged;
`Run.damages` is what is wrong with its other files. A number that no job can have measured
(`quantities`) is a damage too; a loss that is no number is not, as it is what divergence leaves.

A run is `queued`, `loading`, `tokenising`, `training`, `evaluating` or `checking` while its
process lives, `finished`, `stopped` or `failed` once it has a result, `unreadable` if that cannot
be read, and `interrupted` if it has neither.
"""
