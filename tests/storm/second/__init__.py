"""Bitrix24 and Lexware Office in processes of their own, for the deaths of level E."""
