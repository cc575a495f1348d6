"""Questions that load torch, put to worker processes, and their answers, which are kept.

ask_for
    A function for each kind of question, such as `ask_for.architecture_of(scenario)`. It makes a
    `question.Question`: what to call on what, when that is another question, and for how long the
    answer is kept.
kept
    `kept.ask(question)` answers, at once where the answer is kept in memory or on disk;
    `kept.known` only looks, and `kept.compute` answers in this process.
workers
    The pool of worker processes.
waiting, process, preloaded, plain
    The queues before them, one worker process, what it has loaded, and answers as plain data.

This package stands above all that computes, which never asks a question by itself.
"""
