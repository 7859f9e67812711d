#!/usr/bin/env python3
"""COCO evaluation beside pycocotools: the same two JSON files of 5,000 pictures, read and evaluated by both.

    PYTHON=.../python benches/peers/coco_eval.py [--pictures 5000] [--rounds 3] [--threads 2] [boxes] [masks]

Prints one line a kind: name ours_ms peer_ms ratio. Each round starts a fresh process a side; the number is the median over
rounds. The time runs from opening the files to the table. Both tables must be equal to 1e-9, or the script fails. `PYTHON`
(default python3) needs pycocotools and numpy. pycocotools uses one thread; ours uses --threads. `COCO_EVAL` names an already
built example; otherwise cargo builds it. Files lie in target/peers/coco_<pictures>; delete the folder to write them anew.
"""

import argparse
import contextlib
import io
import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PYTHON = os.environ.get("PYTHON", "python3")
KINDS = {"boxes": "bbox", "masks": "segm"}
TOLERANCE = 1e-9


def peer(folder, kind):
    """In a process of its own: one evaluation by pycocotools, as one JSON line."""
    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval

    with contextlib.redirect_stdout(io.StringIO()):
        start = time.perf_counter()
        truth = COCO(str(folder / "truth.json"))
        found = truth.loadRes(str(folder / "found.json"))
        read = time.perf_counter()
        run = COCOeval(truth, found, KINDS[kind])
        run.evaluate()
        run.accumulate()
        run.summarize()
        end = time.perf_counter()
    line = {"milliseconds": (end - start) * 1e3, "read_milliseconds": (read - start) * 1e3, "stats": run.stats.tolist()}
    print(json.dumps(line))


def build():
    """Path of the example."""
    if "COCO_EVAL" in os.environ:
        return os.environ["COCO_EVAL"]
    command = ["cargo", "build", "--release", "-p", "wardrobe-metrics", "--example", "coco_eval"]
    command += ["--message-format=json-render-diagnostics"]
    built = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout
    for line in reversed(built.splitlines()):
        if (path := json.loads(line).get("executable")) and Path(path).stem == "coco_eval":
            return path
    raise SystemExit("cargo built no example called coco_eval")


def run(command, threads):
    environment = {**os.environ, "RAYON_NUM_THREADS": str(threads)}
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, env=environment)
    return json.loads(done.stdout.splitlines()[-1])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("kinds", nargs="*", choices=[[], *KINDS], metavar="KIND", help="boxes, masks; default: both")
    parser.add_argument("--pictures", type=int, default=5000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--peer", nargs=2, metavar=("FOLDER", "KIND"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.peer:
        return peer(Path(options.peer[0]), options.peer[1])
    example = build()
    folder = ROOT / "target" / "peers" / f"coco_{options.pictures}"
    if not (folder / "truth.json").exists():
        subprocess.run([example, "generate", folder, str(options.pictures)], check=True)
    failed = False
    for kind in options.kinds or KINDS:
        ours, theirs = [], []
        for _ in range(options.rounds):
            ours.append(run([example, "time", folder, kind, "1"], options.threads))
            theirs.append(run([PYTHON, __file__, "--peer", folder, kind], 1))
        gap = max(abs(a - b) for a, b in zip(ours[0]["stats"], theirs[0]["stats"], strict=True))
        a, b = (statistics.median(line["milliseconds"] for line in side) for side in (ours, theirs))
        print(f"{kind} {a:.0f} {b:.0f} {b / a:.1f}")
        reads = [statistics.median(line["read_milliseconds"] for line in side) for side in (ours, theirs)]
        print(f"  reading {reads[0]:.0f} and {reads[1]:.0f} ms of it; AP {ours[0]['stats'][0]:.6f}; tables differ by at most {gap:g}")
        failed |= gap > TOLERANCE
    sys.exit("the tables differ" if failed else 0)


if __name__ == "__main__":
    main()
