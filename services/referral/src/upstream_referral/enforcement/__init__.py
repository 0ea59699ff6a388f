"""The enforcement side: what agencies hand over, who approves it, their receipts. Must know nothing of the outreach side."""
