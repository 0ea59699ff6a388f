"""The fault matrix: real processes on a real broker and a real database, broken on purpose and from a seed, then checked.

`python -m faults` from `tests/` is `make faults`; `python -m faults --soak` is `make soak`. Nothing here is imported by the
product, and the product knows no switch of it: `process.py` wraps functions before it starts a service.
"""
