"""How a question gets to a worker process and its answer back: see `plain`, `waiting`, `process`.

A question is a function that loads torch and its plain-data arguments. `lora_viz.workers` asks it,
`lora_viz.answers` keeps what was answered.
"""
