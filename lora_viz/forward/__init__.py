"""The forward pass of one layer with LoRA, on real tensors.

samples
    `ForwardPass`, what a page shows of it, and the question that makes it.
run_layer, steps, short_training
    The layer beside PEFT's own, its steps, and a short training of A and B. They load torch.
ask
    What a worker is asked: it loads torch only when it is called.
"""
