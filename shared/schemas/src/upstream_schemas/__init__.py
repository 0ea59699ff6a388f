"""The contract of Upstream: envelope, codec, data classes, events and the catalogue of topics.

Depends on pydantic alone, so that any city system may install it by itself.
"""
