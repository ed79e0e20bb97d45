"""The pages of a list, the next one asked for while the last one is stored or written on."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType

from unisono.connect.port import Page


class Pages:
    """The pages of a list in their order. ``ahead``: one page further than the one in hand is asked for in a thread of its own, which has
    ended when the ``with`` does. Only where nothing of ours changes the list: a page lies about until it is stored."""

    def __init__(self, pages: Iterator[Page], *, ahead: bool) -> None:
        self._pages = pages
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="pages") if ahead else None
        self._coming: Future[Page | None] | None = None

    def __enter__(self) -> Pages:
        self._ask()
        return self

    def __exit__(self, _: type[BaseException] | None, *__: BaseException | TracebackType | None) -> None:
        if self._thread is not None:
            self._thread.shutdown(wait=True, cancel_futures=True)

    def next(self) -> Page | None:
        """The next page, waited for; ``None`` after the last one. Raises the system's faults."""
        if self._coming is None:
            return next(self._pages, None)
        page = self._coming.result()
        if page is not None:
            self._ask()
        return page

    def next_there(self) -> Page | None:
        """The next page if it is there already. What else may have become of it is left to ``next``."""
        coming = self._coming
        if coming is None or not coming.done() or coming.exception() is not None:
            return None
        return self.next()

    def _ask(self) -> None:
        if self._thread is not None:
            self._coming = self._thread.submit(next, self._pages, None)
