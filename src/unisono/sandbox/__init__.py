"""Simulators of the vendors, to try Unisono without an account and to test it without a network.

They are written from what is known of the vendors' APIs and share no code with the connectors:
a misunderstanding shared by both would prove nothing.
"""
