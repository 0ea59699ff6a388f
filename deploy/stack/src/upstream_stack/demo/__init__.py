"""The demo: journeys of clearly fictional people through the real system, checked from the outside.

What a journey believes comes from topics, pages and mail, never from its own calls.
"""
