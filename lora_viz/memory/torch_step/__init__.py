"""One training step without data, in a worker. Everything here loads torch.

record
    The recorded step of a shallow model, which stands for the whole one.
stand_in, four_bits, inputs
    The model with its adapter, weights in four bits, the batch.
loading, step, mixed_precision, optimizers
    How weights get onto the device; forward, backward, optimizer.
losses, offloading
    Losses that never hold all logits, and what waits on the host: folders of their own.
recorder, block_hooks, classify
    What was allocated, in which block, and of which kind.
cuda, attention, flash_attention
    Where CUDA differs from the simulated CPU.
several_cards
    The step on one of several cards.
simulate
    The step with a few blocks for all where they are alike.
"""
