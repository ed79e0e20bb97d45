"""The hourly allowance: a sliding window of 3600 s over the account's successful requests. Refused ones do not count."""

from __future__ import annotations

from datetime import timedelta

from unisono.sandbox.fastbill.account import Account
from unisono.sandbox.fastbill.errors import Refusal

PLANS: dict[str, int] = {"solo": 50, "solo-plus": 100, "pro": 500, "premium": 1000, "none": 0}
"""Calls an hour by plan; 0 is unlimited."""
WINDOW_SECONDS = 3600


def has_webhooks(account: Account) -> bool:
    """Only the larger plans have webhooks."""
    return _plan(account) in ("pro", "premium", "none")


def admit(account: Account) -> None:
    """Let a request in, or raise the rejection."""
    most = PLANS[_plan(account)]
    if not most:
        return
    window, now = account.table("quota"), account.world.clock.now().timestamp()
    for key in list(window):
        if window[key]["at"] > now - WINDOW_SECONDS:
            break
        del window[key]
    if len(window) >= most:
        # The call that has to leave the window first: with fewer calls than before in it (a smaller plan) that is not the oldest one.
        leaving = list(window.values())[len(window) - most]
        raise rejection(account, leaving["at"] + WINDOW_SECONDS - now)


def count(account: Account) -> None:
    """Note a successful request. Nothing is noted on an account without limit."""
    if PLANS[_plan(account)]:
        window = account.table("quota")
        window[account.world.storage.next_id("quota")] = {"at": account.world.clock.now().timestamp()}


def rejection(account: Account, seconds: float) -> Refusal:
    """The rejection of a request; calls are accepted again in so many seconds. Status and wording are guesses."""
    moment = account.world.clock.now() + timedelta(seconds=int(seconds) + 1)
    headers = {"Retry-After": str(int(seconds) + 1)} if account.setting("retry_after") else {}
    return Refusal(f"Request limit reached. Requests will be accepted again from {account.local(moment)}.", status=429, headers=headers)


def _plan(account: Account) -> str:
    plan: str = account.setting("plan")
    if plan not in PLANS:
        raise ValueError(f"setting plan: {plan!r} is none of {', '.join(PLANS)}")
    return plan
