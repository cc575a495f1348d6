"""The work of a job, in its own process. Everything here loads torch.

fine_tuning
    Load, measure, train, save, measure, check.
job_data
    What it is trained and evaluated on.
loading, adapting, trainer, callback
    The model, PEFT, Trainer, and what is recorded at each step.
evaluation, before_after, measurements, checks, simulated
    What is measured and tried out.
snapshots, weight_changes, layer_changes, adapter_card
    What is kept of weights, and the card saved with an adapter.
"""
