"""Pages from templates: everything is escaped, every word comes from the catalogues, and a name that nobody set is an error."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from datetime import datetime
from importlib.resources import files
from pathlib import Path
from typing import Any

from jinja2 import BytecodeCache, Environment, FileSystemLoader, StrictUndefined
from jinja2.bccache import Bucket

from unisono.web import charts, icons
from unisono.web.assets import Assets
from unisono.web.speech import Speech

FOLDER = Path(str(files("unisono.web"))) / "templates"


class Compiled(BytecodeCache):
    """Templates as they were compiled, kept in memory: the same for every language and zone."""

    def __init__(self) -> None:
        self._kept: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        """What was compiled before."""
        if bucket.key in self._kept:
            bucket.bytecode_from_string(self._kept[bucket.key])

    def dump_bytecode(self, bucket: Bucket) -> None:
        """What was just compiled."""
        self._kept[bucket.key] = bucket.bytecode_to_string()


_COMPILED = Compiled()


class Press:
    """Holds one set of templates for each language and time zone that somebody reads."""

    def __init__(self, assets: Assets, now: Callable[[], datetime]) -> None:
        self._assets = assets
        self._now = now
        self._sets: dict[tuple[str, str], Environment] = {}
        self._turn = threading.Lock()

    def speech(self, language: str, zone: str) -> Speech:
        """The words of a language, on the clock of a zone."""
        return Speech(language, zone, self._now)

    def page(self, template: str, speech: Speech, values: Mapping[str, Any]) -> str:
        """A template filled in."""
        return self._set(speech).get_template(template).render(values)

    def _set(self, speech: Speech) -> Environment:
        key = (speech.language, speech.zone)
        with self._turn:
            if key not in self._sets:
                self._sets[key] = self._made(speech)
            return self._sets[key]

    def _made(self, speech: Speech) -> Environment:
        env = Environment(
            loader=FileSystemLoader(FOLDER),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
            auto_reload=False,
            bytecode_cache=_COMPILED,
            extensions=["jinja2.ext.do"],
        )
        env.globals |= {
            "t": speech.words,
            "known": speech.known,
            "tell": speech.tell,
            "language": speech.language,
            "n": speech.number,
            "amount": speech.amount,
            "size": speech.size,
            "duration": speech.duration,
            "field_name": speech.field,
            "value_name": speech.value,
            "kind_name": speech.kind,
            "clock": speech.clock,
            "day": speech.day,
            "moment": speech.moment,
            "when": speech.when,
            "ago": speech.ago,
            "icon": icons.icon,
            "static": self._assets.address,
            "chart": charts,
        }
        return env
