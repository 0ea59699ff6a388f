"""Intake: what people ask for, the agreement on it, and the case until it is closed."""
