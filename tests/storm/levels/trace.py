"""Level K: the same seed gives the same trace, twice in one process and in another one with another hash seed."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from tests.storm.chance import Script, Streams
from tests.storm.invented import faked
from tests.storm.levels import engine
from tests.storm.sides import Kind
from tests.storm.stages import Simulated
from tests.storm.verdict import Broken, Failure, Verdict
from tests.storm.world import Maker, World, draw

LEVEL = "trace"
ROOT = Path(__file__).resolve().parents[3]
_HASH_SEEDS = ("0", "4242")


def run(first_seed: int, last_seed: int) -> Verdict:
    """Plays the worlds of these seeds, both included, on both stages: here twice, and once more in a process with another hash seed."""
    verdict, began = Verdict(LEVEL), time.process_time()
    there = elsewhere(first_seed, last_seed)
    for seed in range(first_seed, last_seed + 1):
        for stage in STAGES:
            traces = (traced(stage, seed), traced(stage, seed), there.get((stage, seed), "nothing came"))
            verdict.count("traces")
            if len(set(traces)) > 1:
                broken = Broken("K", f"{stage} left the traces {', '.join(trace[:16] for trace in traces)}", str(seed))
                verdict.failures.append(Failure(LEVEL, seed, f"--level {LEVEL} --seed {seed}", (broken,)))
    verdict.seconds = time.process_time() - began
    return verdict


def traced(stage: str, seed: int) -> str:
    """What a world left behind, as one hash: every call, step and commit, and what stands in both vendors' books and in ours in the end."""
    draw, maker = STAGES[stage]
    world = World(seed, draw(Streams(seed)), maker)
    digest = hashlib.blake2b(world.play().trace.encode(), digest_size=16)
    told = world.evidence()
    for part in (*told.journal, *told.questions, *told.problems, *told.notes):
        digest.update(repr(part).encode())
    for side in (told.a, told.b):
        digest.update(repr([(call.at, call.operation, call.kind, call.key, call.done, call.status) for call in side.log]).encode())
        for kind in KINDS:
            digest.update(repr(sorted(side.records(kind).items())).encode())
    return digest.hexdigest()


def elsewhere(first_seed: int, last_seed: int) -> dict[tuple[str, int], str]:
    """The traces of another process, whose sets and dicts are hashed otherwise than ours."""
    own = os.environ.get("PYTHONHASHSEED", "")
    other = next(seed for seed in _HASH_SEEDS if seed != own)
    surroundings = os.environ | {"PYTHONHASHSEED": other, "PYTHONPATH": os.pathsep.join((str(ROOT / "src"), str(ROOT)))}
    command = [sys.executable, "-m", "tests.storm.levels.trace", str(first_seed), str(last_seed)]
    done = subprocess.run(command, cwd=ROOT, env=surroundings, capture_output=True, text=True, check=False)
    lines = [line.split() for line in done.stdout.splitlines()]
    return {(stage, int(seed)): trace for stage, seed, trace in (line for line in lines if len(line) == 3)}


KINDS: tuple[Kind, ...] = ("party", "contact", "quote", "invoice", "note")
STAGES: dict[str, tuple[Callable[[Streams], Script], Maker]] = {"simulators": (draw, Simulated), "fakes": (engine.draw, faked)}


if __name__ == "__main__":
    for number in range(int(sys.argv[1]), int(sys.argv[2]) + 1):
        for name in STAGES:
            print(name, number, traced(name, number))
