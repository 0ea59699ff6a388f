"""The gateway: the only process that touches both sides of the wall. Imports neither."""
