"""The proofs: unit, systems, stories, shape; run by stages.py."""
