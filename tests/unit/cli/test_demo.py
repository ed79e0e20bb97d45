"""``demo``: the first thing a visitor runs. Once, for programs; and staying up until it is told to go."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from unisono.cli import demo, showing
from unisono.cli.app import program

SECONDS = 180


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_the_demo_ends_in_step_and_says_so_to_programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UNISONO_LANGUAGE", "en")
    result = CliRunner().invoke(program("demo"), ["demo", "--once", "--json", "--data", str(tmp_path / "data")])
    told = json.loads(result.output)
    assert (result.exit_code, told["in_step"]) == (0, True), told
    assert told["pages_tried"] == 7
    assert (told["unexpected_problems"], told["open_questions"], told["further_writes"]) == ([], [], 0)
    assert all(story["ok"] for story in told["stories"])
    assert len(told["expected_problems"]) == 2


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_the_demo_ends_with_1_when_a_problem_is_open_that_nobody_expected(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demo, "EXPECTED", set())
    result = CliRunner().invoke(program("demo"), ["demo", "--once", "--json", "--data", str(tmp_path / "data")])
    told = json.loads(result.output)
    assert (result.exit_code, told["in_step"], len(told["unexpected_problems"])) == (1, False, 2)


@pytest.mark.kill
def test_the_demo_stays_up_until_it_is_told_to_go(tmp_path: Path) -> None:
    environment = os.environ | {"UNISONO_LANGUAGE": "en", "PYTHONUNBUFFERED": "1", "HOME": str(tmp_path)}
    command = [sys.executable, "-m", "unisono", "demo", "--data", str(tmp_path / "data")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        try:
            lines = []
            for line in process.stdout:
                lines.append(line.strip())
                if lines[-1] == "ready":
                    break
            assert "ready" in lines, process.stderr.read()
            assert any("/_sandbox/page" in line for line in lines)
            assert len([line for line in lines if "/demo/in?once=" in line]) == 2, (
                "a link at the beginning, and a fresh one for whoever comes late"
            )
            assert process.poll() is None, "it stays up"
            process.send_signal(signal.SIGTERM)
            code = process.wait(SECONDS)
        finally:
            process.kill()
        assert code in (0, 1), process.stderr.read()
        assert "Traceback" not in process.stderr.read()


@pytest.mark.kill
def test_the_demo_takes_another_port_if_its_own_is_taken_and_leaves_nothing_behind_when_it_is_ended_early(tmp_path: Path) -> None:
    environment = os.environ | {"PYTHONUNBUFFERED": "1", "HOME": str(tmp_path), "TMPDIR": str(tmp_path)}
    command = [sys.executable, "-m", "unisono", "demo", "--no-open", "--language", "ro"]
    with socket.socket() as taken:
        # The port of a server that has just ended would be refused to us and not to the demo.
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            taken.bind(("127.0.0.1", 8460))
            taken.listen()
        except OSError:
            pass  # somebody else has it, which is as good
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment) as process:
            assert process.stdout is not None
            assert process.stderr is not None
            try:
                first = process.stdout.readline()
                process.send_signal(signal.SIGTERM)
                code = process.wait(SECONDS)
            finally:
                process.kill()
            errors = process.stderr.read()
    assert "http://127.0.0.1:" in first, errors
    assert ":8460/" not in first
    assert first.startswith("Paginile Unisono")
    assert (code, "Traceback" in errors) == (1, False), errors
    assert list(tmp_path.glob("unisono-demo-*")) == []


def test_a_language_that_is_not_there_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UNISONO_LANGUAGE", "en")
    result = CliRunner().invoke(program("demo"), ["demo", "--once", "--language", "fr"])
    assert result.exit_code == 2
    assert "de, en, pl, ro" in result.output


@pytest.mark.parametrize(("display", "opens"), (("", False), (":0", True)))
def test_a_browser_is_opened_only_where_there_is_a_window_for_it(monkeypatch: pytest.MonkeyPatch, display: str, opens: bool) -> None:
    asked: list[str] = []

    def opener(address: str) -> bool:
        asked.append(address)
        return True

    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setenv("DISPLAY", display)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    assert showing.in_browser("http://127.0.0.1:1/demo", opener) is opens
    assert asked == ["http://127.0.0.1:1/demo"] * opens
