"""The outreach side: participants, the coordinator, providers. Must know nothing of the enforcement side."""
