"""The forward pass of one layer with LoRA, on real tensors.

samples
    `ForwardPass`, what a page shows of it, and the question that makes it.
run_layer, steps, short_training
    The layer compared with PEFT's own, its steps, and a short training of A and B. They load torch.
"""
