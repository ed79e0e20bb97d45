"""The checkout as the shape tests see it: which files belong to it, and what they hold."""

from __future__ import annotations

import ast
import subprocess
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SRC = ROOT / "src" / "unisono"


@cache
def project_files() -> tuple[Path, ...]:
    """Every file of the project: tracked ones and new ones that are not ignored, relative to the root."""
    listed = subprocess.run(
        ("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"), cwd=ROOT, capture_output=True, check=True
    )
    paths = (Path(name.decode()) for name in listed.stdout.split(b"\0") if name)
    return tuple(sorted(path for path in paths if (ROOT / path).is_file()))


@cache
def text_of(path: Path) -> str:
    """A file's text; the empty string for a file that is not text."""
    try:
        return (ROOT / path).read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return ""


def python_files(under: str) -> tuple[Path, ...]:
    """The Python files below a folder, relative to the root."""
    return tuple(path for path in project_files() if path.suffix == ".py" and path.is_relative_to(under))


@cache
def tree_of(path: Path) -> ast.Module:
    """A Python file, parsed."""
    return ast.parse(text_of(path), filename=str(path))


def calls_of(path: Path, attribute: str) -> list[int]:
    """The lines on which something's method or module's function of this name is called."""
    return [
        node.lineno
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == attribute
    ]
