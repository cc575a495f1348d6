"""A run's folder: written by its job, read by everybody.

run_folder
    `Run`, and how runs are made, found and listed.
settings.json, events.jsonl, result.json
    are `training.settings`, `events` and `results`.
files
    Every file of a folder, read without trust.
shipped
    The runs that ship with the application.
owners, locks, reserve, public_names, quantities
    Whose a run is, who holds it, room for its end, names for others, and bounds of numbers.
curves, metrics_table, pace, story
    What is shown of runs.
"""
