"""What a training step takes of a GPU, from a step that is run without data, weights or memory.

settings, report
    What a step depends on, and what it needs: `StepSettings`, `MemoryReport`, `Needs`.
ask
    `simulate_step`, which a worker runs.
torch_step
    The step itself. It loads torch.
snapshots
    PyTorch's memory snapshots: the simulated step as one, and what one of a real run says.
trace, extend, allocator, timeline
    What it allocates: recorded, for all blocks, through PyTorch's allocator, over time.
lengths, orders
    Batches of texts of different lengths, and what the allocator takes over several in order.
fit, fewest_cards, step_time, measured_runs
    What fits on a card, and on how many; seconds; runs that others measured.
"""
