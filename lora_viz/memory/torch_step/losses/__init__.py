"""Losses that never hold all logits, as the libraries that have them run. Loads torch.

install
    Puts one of them where the model's own loss is.
chunked, chunked_output, fused, cut
    TRL's, torchtune's, Liger's and Cut Cross-Entropy's: what each allocates and frees.
notes
    What they tell the recorder.
"""
