"""What partners run: publishes submissions and reads the verdicts. Knows the contract and the broker, none of the services."""
