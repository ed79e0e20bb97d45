"""The one room that knows engine, store and systems together: from rows of the store to a pair at work, and what a person does to it."""

from unisono.wiring.house import House, add_pair, pair_row, preset, system_file, words_in

__all__ = ["House", "add_pair", "pair_row", "preset", "system_file", "words_in"]
