"""The embedded stack: fetches, starts and supervises the real parts of Upstream on one machine. Knows no domain rule."""
