"""A scenario as the files that training elsewhere begins with.

formats
    The table of formats, and `export`. Begin here.
subject
    What is written down: a scenario, and the class of its model.
rules
    What a format says of each field, and what it cannot say.
comments
    What a file says of itself, and the fields that it does not say, as comments.
literals
    Values as Python and YAML have them, whatever is in them.
lora_config
    PEFT's `LoraConfig(…)`, and its `adapter_config.json`.
script
    A script that trains with PEFT and transformers' Trainer.
script_text
    The parts of that script that are the same for every scenario.
axolotl, llama_factory, accelerate
    The YAML of these trainers.
"""
