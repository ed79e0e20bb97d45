"""Pull, plan, intend, apply, settle: the five steps of a cycle, and the lanes that keep two hands off one record."""
