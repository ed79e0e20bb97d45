"""Deep links into the web pages. Here they lead to the simulator's own page, at the record they name."""

from __future__ import annotations

import re

from werkzeug.utils import redirect
from werkzeug.wrappers import Response

from unisono.sandbox.lexoffice.account import Account
from unisono.sandbox.lexoffice.documents import TABLE as DOCUMENTS
from unisono.sandbox.lexoffice.kinds import BY_PATH

PAGE = "/_sandbox/page"
_LINK = re.compile(r"/permalink/([a-z-]+)/(view|edit)(?:/([0-9a-fA-F-]{36}))?/?")


def opened(account: Account, path: str) -> Response:
    """What a browser gets for a link: the way to the record, else 404."""
    found = _LINK.fullmatch(path)
    if found is None:
        return _missing()
    resource, action, key = found[1], found[2], (found[3] or "").lower()
    if (resource, action, key) == ("files", "view", ""):
        return redirect(f"{PAGE}#vouchers", 302)
    if resource in BY_PATH:
        row = account.find(DOCUMENTS, key)
        row = row if row is not None and row["kind"] == resource else None
    elif resource == "vouchers" or (resource, action) == ("contacts", "view"):
        row = account.find(resource, key)
    else:
        row = None
    return redirect(f"{PAGE}?show={key}#{key}", 302) if row is not None else _missing()


def _missing() -> Response:
    return Response("<html><body><h1>404</h1></body></html>\n", 404, mimetype="text/html")
