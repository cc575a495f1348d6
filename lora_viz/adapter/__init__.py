"""What PEFT makes of a target list, and what an adapter holds at any rank.

layout
    `AdapterLayout`: the adapted layers and their tensors; counts at a rank in closed form.
counts
    Parameters by module, block and model, as PEFT counts them.
target_choice, target_names
    What adding or taking away a target changes; the shortest names.
warning_words
    The warnings that belong to an adapter, in words.
ask
    `read_adapter_layout`, which a worker runs.
from_peft, repeat_blocks, peft_matching, tasks_from_peft, warnings_from_peft, refusals_from_peft
    PEFT itself on a model without weights: tensors, matched names, tasks, warnings, refusals. They
    load torch.
versions_of_peft
    What older versions of PEFT lack, in which measured runs are simulated.
"""
