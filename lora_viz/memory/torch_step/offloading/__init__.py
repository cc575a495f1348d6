"""What a step saves for its backward pass, moved to the host's memory. Loads torch.

checkpoints
    The inputs of checkpointed blocks, as Unsloth, LLaMA-Factory and axolotl move them.
activations
    All that is saved, as TRL and torchtune move it.
"""
