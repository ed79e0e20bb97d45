"""The contract suite that every system inherits: the real connector against the real simulator, over every call and every fault.

A system's own file hands a ``Vendor`` to ``contract`` and gets all tests that its ``system.toml`` does not rule out.
"""

from __future__ import annotations

from tests.systems.contract.account import Account
from tests.systems.contract.suite import contract
from tests.systems.contract.vendor import Vendor

__all__ = ["Account", "Vendor", "contract"]
