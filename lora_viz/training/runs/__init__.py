"""A run's folder: written by its job, read by everybody.

run_folder, kept_runs
    `Run`, a `training.folder.JobFolder`; how runs are made, found and listed.
settings.json, events.jsonl, result.json
    are `training.settings`, `events` and `results`.
snapshots
    A, B and ΔW of the followed layers, read.
shipped
    The runs that ship with the application.
public_names, quantities
    Names for others, and bounds of numbers.
curves, metrics_table, pace, story
    What is shown of runs.
"""
