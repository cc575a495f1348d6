"""What is trained on.

examples, tasks
    Examples in three parts; the tasks that ship.
own_data
    A reader's own file.
uploads
    One that was uploaded, and the word for it in links.
data_counts
    How many examples a job will use.
ask
    `read_data_counts`, which a worker runs.
tokens, token_files
    Examples as tokens. They load torch.
"""
