"""The scheduler: from an accepted agreement to a training that took place. Depends on no other service."""
