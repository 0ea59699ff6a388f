"""The rules of intake: pure functions from a request and a fact to what follows.

One module for each part of a case's life. Must do no I/O, and must never say no to a person: only people do that.
"""
