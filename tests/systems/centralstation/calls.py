"""Short ways to make a record and to read a list through the API."""

from __future__ import annotations

from typing import Any

import httpx2


def company(api: httpx2.Client, name: str = "Orgelhaus Krause", **more: Any) -> int:
    return int(api.post("companies", json={"company": {"name": name} | more}).json()["company"]["id"])


def person(api: httpx2.Client, name: str = "Krause", **more: Any) -> int:
    return int(api.post("people", json={"person": {"name": name} | more}).json()["person"]["id"])


def names(answer: httpx2.Response) -> list[str]:
    assert answer.status_code == 200, answer.text
    return [next(iter(row.values()))["name"] for row in answer.json()]
