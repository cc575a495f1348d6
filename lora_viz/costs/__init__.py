"""What a choice costs in closed form, without asking PEFT again.

one_layer
    One layer trained both ways, in bytes.
ranks
    What each rank costs.
many_tasks
    One base model with many adapters.
"""
