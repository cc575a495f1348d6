"""What people have, as changes of a scenario: files of trainers, of PEFT and of transformers.

read
    `read_import`: which kind of file it is, and what it says. Begin here.
answer
    What was understood, and what was not, each key by its name.
plain_text
    JSON and YAML within limits; nothing in it is run.
reading, rules
    A kind of file as a table of rules, and the rules that such tables are made of.
peft_files, peft_line
    `adapter_config.json`, and the line that PEFT prints.
model_config
    A model's own `config.json`.
transformers_files, trl, llama_factory, axolotl, torchtune, unsloth
    A kind of file each, with the keys that its trainer takes.
contents
    The reverse question: which adapters have just so many parameters, or so large a file.
"""
