"""What a run's and a sweep's folder have in common. Nothing here loads torch.

job_folder
    `JobFolder`: a folder with a lock, a process and a log.
places
    Which names such folders can have.
files, tensor_files, damage
    Every file of a folder, read without trust; what is wrong with one.
unchanged, writing
    Files read again only once they have changed; files written in one piece.
locks, owners, reserve
    Who holds it, whose it is, and room for its end.
"""
