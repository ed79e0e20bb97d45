"""The tag a policy names is the one that counts, whatever it is called."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.village import village
from unisono.policy.files import BadPolicy
from unisono.wiring import add_pair, preset

OTHER = preset("centralstation", "fastbill").replace('tag = "FastBill"', 'tag = "Buchhaltung"')


def test_a_policy_may_watch_another_tag(tmp_path: Path) -> None:
    v = village(tmp_path, policy=OTHER)
    v.sync()
    v.release()
    address = {"street": "Ring 1", "zip": "12345", "city": "Berlin", "country_code": "DE"}
    by_policy = v.crm_act("create_company", name="Alt GmbH", **address)
    by_article = v.crm_act("create_company", name="Neu GmbH", **address)
    v.crm_act("tag", kind="company", id=by_policy, name="Buchhaltung")
    v.crm_act("tag", kind="company", id=by_article, name="FastBill")
    assert v.books.truth()["customers"] == []
    v.sync()
    assert [c["ORGANIZATION"] for c in v.books.truth()["customers"]] == ["Alt GmbH"]


def test_two_pairs_on_one_crm_watch_the_same_tag(tmp_path: Path) -> None:
    v = village(tmp_path)
    with pytest.raises(BadPolicy, match="tag-of-another-pair"):
        add_pair(v.house, v.firm, "second", v.a, v.b, OTHER)
