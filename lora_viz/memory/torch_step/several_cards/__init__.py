"""One training step on one of several cards: the fullest. Everything here loads torch.

kinds
    Which card a step is run as, and what is put into its trace afterwards.
one_card, fsdp2, zero_card
    A card's part of the step: alone, by FSDP2, by ZeRO.
group
    A process group whose other members do not exist.
whole_model, rewriting
    All weights of the model; a trace with other allocations in it.
ddp, zero, gathering, flat_update, deepspeed_rules
    Buckets of DDP; what ZeRO divides, gathers and updates, and the rules that it does so by.
"""
