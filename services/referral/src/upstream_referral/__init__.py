"""Referral: outreach, law enforcement, and the gateway between them. Three processes; the first two never meet."""
