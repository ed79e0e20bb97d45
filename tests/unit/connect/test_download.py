"""Files: streamed, whole or not there, without our key."""

from __future__ import annotations

from pathlib import Path

import httpx2
import pytest

from tests.unit.connect.doors import KEY, Dripping, Vendor
from unisono.model.errors import Refused, TryLater, Unavailable

PDF = b"%PDF-1.7\n" + b"x" * 3000
LINK = "https://portal.example.com/doc/t0k3n-of-the-link?d=1"
HOSTS = ("portal.example.com",)


def test_a_file_is_brought_without_credentials_and_outside_the_pace(tmp_path: Path) -> None:
    vendor = Vendor(lambda _: httpx2.Response(200, stream=Dripping([PDF[:10], PDF[10:]])))
    target = tmp_path / "a.pdf"
    reply = vendor.door.download(LINK, target, limit=10_000, hosts=HOSTS)
    assert target.read_bytes() == PDF
    assert (reply.status, reply.body) == (200, PDF[:512])
    (request,) = vendor.asked
    assert str(request.url) == LINK
    assert not {"authorization", "x-apikey", "cookie"} & set(request.headers)
    assert vendor.pace.told == []
    assert list(tmp_path.iterdir()) == [target]


def test_a_file_above_the_limit_is_refused_and_leaves_nothing_behind(tmp_path: Path) -> None:
    stream = Dripping([b"x" * 1000] * 1000)
    vendor = Vendor(lambda _: httpx2.Response(200, stream=stream))
    with pytest.raises(Refused) as caught:
        vendor.door.download(LINK, tmp_path / "a.pdf", limit=5000, hosts=HOSTS)
    assert (caught.value.code, caught.value.values) == ("file-too-large", {"call": "GET portal.example.com", "limit": "5000"})
    assert stream.given == 6
    assert list(tmp_path.iterdir()) == []


def test_a_file_exactly_at_the_limit_is_taken(tmp_path: Path) -> None:
    vendor = Vendor(httpx2.Response(200, content=PDF))
    assert vendor.door.download(LINK, tmp_path / "a.pdf", limit=len(PDF), hosts=HOSTS).status == 200


@pytest.mark.parametrize("status", (302, 401, 403, 404, 410))
def test_no_file_appears_for_another_status_and_no_redirect_is_followed(tmp_path: Path, status: int) -> None:
    vendor = Vendor(httpx2.Response(status, content=b"<html>gone" + b"x" * 9000, headers={"Location": "https://evil.example/"}))
    reply = vendor.door.download(LINK, tmp_path / "a.pdf", limit=100, hosts=HOSTS)
    assert (reply.status, len(reply.body), reply.is_html()) == (status, 512, True)
    assert list(tmp_path.iterdir()) == []
    assert len(vendor.asked) == 1


def test_a_page_instead_of_a_file_is_seen_in_its_first_bytes(tmp_path: Path) -> None:
    vendor = Vendor(httpx2.Response(200, content=b"<!DOCTYPE html><title>Link abgelaufen</title>"))
    assert vendor.door.download(LINK, tmp_path / "a.pdf", limit=5000, hosts=HOSTS).is_html()


def test_a_torn_file_is_fetched_again_and_an_older_one_stays_until_the_new_is_whole(tmp_path: Path) -> None:
    target = tmp_path / "a.pdf"
    target.write_bytes(b"older")

    def torn(_: httpx2.Request) -> httpx2.Response:
        assert target.read_bytes() == b"older"
        return httpx2.Response(200, headers={"Content-Length": "5000"}, stream=Dripping([PDF]))

    never_whole = Vendor(torn)
    with pytest.raises(Unavailable) as caught:
        never_whole.door.download(LINK, target, limit=10_000, hosts=HOSTS)
    assert caught.value.code == "answer-torn"
    assert len(never_whole.asked) == 3
    assert [p.read_bytes() for p in tmp_path.iterdir()] == [b"older"]
    whole_at_last = Vendor(torn, httpx2.Response(200, content=PDF))
    whole_at_last.door.download(LINK, target, limit=10_000, hosts=HOSTS)
    assert target.read_bytes() == PDF


def test_a_link_elsewhere_is_refused_before_anything_is_asked(tmp_path: Path) -> None:
    vendor = Vendor(httpx2.Response(200, content=PDF))
    for url in ("https://evil.example/a.pdf", "http://portal.example.com/a.pdf", "https://api.example.com/a.pdf", "file:///etc/passwd"):
        with pytest.raises(Refused):
            vendor.door.download(url, tmp_path / "a.pdf", limit=5000, hosts=HOSTS)
    assert vendor.asked == []
    assert vendor.door.download("https://api.example.com/a.pdf", tmp_path / "a.pdf", limit=5000).status == 200


def test_the_token_of_a_link_is_in_no_message(tmp_path: Path) -> None:
    for answer, kind in ((httpx2.Response(500, text="Oops"), Unavailable), (httpx2.Response(429), TryLater)):
        with pytest.raises(kind) as caught:
            Vendor(answer).door.download(LINK, tmp_path / "a.pdf", limit=5000, hosts=HOSTS)
        assert "t0k3n" not in repr(caught.value)
        assert KEY.reveal() not in repr(caught.value)


def test_a_folder_that_cannot_be_written_is_our_own_trouble_not_the_vendors(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="nowhere"):
        Vendor(httpx2.Response(200, content=PDF)).door.download(LINK, tmp_path / "nowhere" / "a.pdf", limit=5000, hosts=HOSTS)
