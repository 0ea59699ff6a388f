"""What a provider runs: reads the referrals that are offered to it, hands them over, and answers. Opens nothing of anybody else."""
