"""The forward pass of one layer with LoRA, on real tensors.

samples
    `ForwardPass`, what a page shows of it.
ask
    `read_forward_pass`, which a worker runs.
run_layer, steps, short_training
    The layer beside PEFT's own, its steps, and a short training of A and B. They load torch.
"""
