"""What a run's and a sweep's folder have in common. Nothing here loads torch.

job_folder
    `JobFolder`: a folder with a lock, a process and a log.
places
    Where such folders are kept, and which names they can have.
files, writing
    Every file of a folder, read without trust; files written in one piece.
locks, owners, reserve
    Who holds it, whose it is, and room for its end.
"""
