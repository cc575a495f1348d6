"""The fields of a scenario by their subjects, each a base of `Scenario`.

model_choices
    The model, and by which method it is trained.
adapter_choices, peft_settings
    The adapter, and PEFT's further settings under PEFT's own names.
step_choices
    One training step.
"""
