"""Memory snapshots, as `torch.cuda.memory._dump_snapshot` writes them and PyTorch's viewer reads.

writing
    The simulated step as such a snapshot.
plain_pickle, reading
    A snapshot that somebody took: read without executing anything, what was there at its highest
    moment, and what each storage was.
stacks
    What a Python stack says of an allocation that was made there.
beside
    A snapshot beside the simulated step, kind by kind.
refused_memory
    The message of `torch.OutOfMemoryError`.
ask
    What a worker is asked about them. Importing it loads no torch.
"""
