"""Questions that load torch, put to worker processes, and their answers, which are kept.

A question is a function that loads torch and its plain-data arguments.

kept
    `ask` answers a question, at once where the answer is kept in memory or on disk.
workers
    The pool of worker processes.
waiting, process, plain
    The queues before them, one worker process, and answers as plain data.
"""
