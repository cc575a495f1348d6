"""What a training step takes of a GPU, from a step that is run without data, weights or memory.

settings
    The scenario's choices that change a step, as plain data.
trace, extend
    What was allocated and freed; the trace of all blocks from that of a few.
allocator, timeline
    That trace through PyTorch's caching allocator.
fit, step_time
    What fits on a card and how far it can grow; seconds per step.
measured_runs
    Runs that others measured, to hold it against.
torch_step
    The step itself, in a worker. It loads torch.
report
    What a simulated step answers.
ask
    What a worker is asked: it loads torch only when it is called.
"""
