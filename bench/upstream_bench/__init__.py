"""A service for benchmarks only: one state row for each key, one follow-up for each event, on the product's engine."""
