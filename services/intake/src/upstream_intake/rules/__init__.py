"""What intake knows by heart: emergency wording, the directory of other offices, and what belongs to whom.

Pure rules and data on the standard library alone. Nothing here stores, sends, logs or remembers a text it was shown.
"""
