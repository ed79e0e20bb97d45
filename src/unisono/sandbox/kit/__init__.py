"""What every simulator is made of: a world (clock, randomness, storage, faults, log) and a door to control it."""
