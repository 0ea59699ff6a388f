"""The engine under every service: consume → decide → save → say.

It knows topics, envelopes and transactions, and no word of any domain.
"""
