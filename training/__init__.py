"""Training and evaluation of the networks; never imported at run time.

Rooms import one way: `errors`, `files` <- reporting <- cohort <- segmentation <- quality <- experiments <- commands.
"""
