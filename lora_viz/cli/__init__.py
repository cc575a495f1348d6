"""The command line, `lora-viz`.

app
    The commands and how they end.
options
    Options made of declared choices.
reports
    What a command answers, as plain data.
cards
    What is said of several cards.
counted
    What `count` answers, as text.
batch
    The lines of a batch.
report
    The command that writes a report as HTML, PowerPoint or PDF.
imports
    The commands that read a file of a trainer, and that say what an adapter may hold.
export
    The command that writes a scenario for other trainers.
snapshots
    The commands that write the simulated step as a snapshot, and read what a failed run left.
terminal
    Text from outside for a terminal.
train, sweep, prepare
    The commands about jobs, about rank sweeps, and the one that answers in advance.
"""
