"""The same job at several ranks.

plan, sweep
    What is varied; `Sweep`, a `training.folder.JobFolder`.
launch, job
    Starting it; the one process that does all of its runs.
findings
    What a sweep found out, as medians.
learning_rates
    How the learning rates of the shipped sweeps were chosen.
"""
