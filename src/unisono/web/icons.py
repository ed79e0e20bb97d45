"""The small signs beside words, drawn on a grid of 16. Never without a word: they are hidden from whoever listens to the page."""

from __future__ import annotations

from markupsafe import Markup

SHAPES = {
    "home": '<path d="M2.6 7.2 8 2.6l5.4 4.6v6.2H2.6z"/><path d="M6.4 13.4V9.6h3.2v3.8"/>',
    "ask": '<circle cx="8" cy="8" r="5.75"/><path d="M6.3 6.3a1.75 1.75 0 1 1 2.6 1.6c-.6.3-.9.6-.9 1.2M8 11.2v.05"/>',
    "differs": '<path d="M3 6h10M3 10h10M10.4 3.2 5.6 12.8"/>',
    "equals": '<path d="M3 6h10M3 10h10"/>',
    "past": '<path d="M2.6 8a5.4 5.4 0 1 0 1.7-4M2.6 2.6v2.7h2.7M8 5v3.2l2.1 1.3"/>',
    "people": '<circle cx="6" cy="5.6" r="2.2"/><path d="M2.1 13c.3-2.3 1.8-3.6 3.9-3.6S9.6 10.7 9.9 13"/>'
    '<path d="M10.6 3.7a2.1 2.1 0 0 1 0 3.8M11.8 9.8c1.2.5 2 1.6 2.2 3.2"/>',
    "user": '<circle cx="8" cy="5.5" r="2.5"/><path d="M3.5 13.4c.4-2.5 2.1-3.9 4.5-3.9s4.1 1.4 4.5 3.9"/>',
    "doc": '<path d="M3.8 1.8H9l3.2 3.2v9.2H3.8z"/><path d="M9 1.8V5h3.2M6 8.5h4M6 11h4"/>',
    "plug": '<path d="M5.5 2v3M10.5 2v3M3.8 5h8.4v2.5a4.2 4.2 0 0 1-8.4 0zM8 11.7V14"/>',
    "sliders": '<path d="M2.5 5h6M12 5h1.5M2.5 11H4M7.5 11h6"/><circle cx="10.2" cy="5" r="1.75"/><circle cx="5.8" cy="11" r="1.75"/>',
    "fields": '<rect x="2" y="3" width="4" height="10" rx="1"/><rect x="10" y="3" width="4" height="10" rx="1"/><path d="M6 6.5h4M6 9.5h4"/>',
    "firms": '<path d="M2.5 13.5v-9h5v9M7.5 7h6v6.5M1.8 13.5h12.4M4.5 7h1M4.5 9.5h1M10 9.5h1M10 11.5h1"/>',
    "clock": '<circle cx="8" cy="8" r="5.75"/><path d="M8 4.9V8l2.1 1.4"/>',
    "pause": '<path d="M5.5 3.5v9M10.5 3.5v9"/>',
    "play": '<path d="M5 3.2 12.4 8 5 12.8z"/>',
    "again": '<path d="M13.4 8a5.4 5.4 0 0 1-9.6 3.4M2.6 8a5.4 5.4 0 0 1 9.6-3.4M12.4 2v2.7H9.7M3.6 14v-2.7h2.7"/>',
    "right": '<path d="M3 8h10M9 4l4 4-4 4"/>',
    "chevron": '<path d="m6 4 4 4-4 4"/>',
    "updown": '<path d="m5 6 3-3 3 3M5 10l3 3 3-3"/>',
    "more": '<path d="M3.5 8h.01M8 8h.01M12.5 8h.01"/>',
    "moon": '<path d="M13 9.6A5.5 5.5 0 0 1 6.4 3 5.5 5.5 0 1 0 13 9.6z"/>',
    "cross": '<path d="m4 4 8 8M12 4l-8 8"/>',
    "refused": '<circle cx="8" cy="8" r="5.75"/><path d="m6 6 4 4M10 6l-4 4"/>',
    "left-out": '<circle cx="8" cy="8" r="5.75"/><path d="M5.5 8h5"/>',
    "done": '<circle cx="8" cy="8" r="5.75"/><path d="m5.4 8.2 1.8 1.8 3.4-3.8"/>',
    "cancelled": '<circle cx="8" cy="8" r="5.75"/><path d="m4 12 8-8"/>',
    "draft": '<circle cx="8" cy="8" r="5.75" stroke-dasharray="2.4 2.4"/>',
    "sent": '<path d="M14 2 2 6.8l4.6 2.1zM14 2 9.2 14 6.6 8.9"/>',
    "overdue": '<path d="M8 2.4 14.2 13H1.8zM8 6.5v3M8 11.2v.05"/>',
    "reminded": '<path d="M4 11V7.4a4 4 0 0 1 8 0V11l1.2 1H2.8zM6.8 13.8h2.4"/>',
    "half": '<circle cx="8" cy="8" r="5.75"/><path d="M8 2.25v11.5a5.75 5.75 0 0 0 0-11.5z" fill="currentColor"/>',
    "lock": '<rect x="3.5" y="7" width="9" height="6.5" rx="1.2"/><path d="M5.5 7V5a2.5 2.5 0 0 1 5 0v2"/>',
    "search": '<circle cx="7" cy="7" r="4.25"/><path d="m10.2 10.2 3.3 3.3"/>',
    "down": '<path d="M8 2.5V10M5 7.3l3 3 3-3M3 13.4h10"/>',
    "out": '<path d="M9.5 2.6H3.2v10.8h6.3M6.5 8h7M10.8 5.2 13.6 8l-2.8 2.8"/>',
    "undo": '<path d="M3 6.2h6.4a3.6 3.6 0 1 1 0 7.2H5.6M5.8 3.2l-3 3 3 3"/>',
    "link": '<path d="M6.6 9.4a2.6 2.6 0 0 0 3.9.3l2.2-2.2a2.6 2.6 0 0 0-3.7-3.7L8 4.8"/>'
    '<path d="M9.4 6.6a2.6 2.6 0 0 0-3.9-.3L3.3 8.5A2.6 2.6 0 0 0 7 12.2l1-1"/>',
    "pencil": '<path d="m3 13 .6-2.8L10.8 3 13 5.2l-7.2 7.2z"/>',
    "stop": '<rect x="4" y="4" width="8" height="8" rx="1"/>',
    "print": '<path d="M4.5 6V2.5h7V6M4.5 11.5h-2V6h11v5.5h-2M4.5 9.5h7v4h-7z"/>',
    "plus": '<path d="M8 3v10M3 8h10"/>',
}


def icon(name: str) -> Markup:
    """A sign by its name. Raises ``KeyError`` for one that is not drawn."""
    return Markup(f'<svg class="i" viewBox="0 0 16 16" aria-hidden="true">{SHAPES[name]}</svg>')  # noqa: S704  # from the table above alone
