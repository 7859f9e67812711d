"""What both sides of a comparison measure: the table in workloads.json, and the inputs and weights that belong to it.

Inputs and weights come from the parameter generator of `tests/` (its README.md is the specification), so the Rust side
(`benches/src/bin/measure`) builds the same ones without reading a file, except for whole models, whose weights are
written once by `weights()` and loaded by both.
"""

import json
import re
import sys
from pathlib import Path

import numpy as np

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path.insert(0, str(ROOT / "tests" / "fixtures"))

import parameters  # noqa: E402

TABLE = json.loads((HERE / "workloads.json").read_text())
# Boxes of NMS and RoIAlign lie on a picture of this size, with sides from 16 pixels up.
PICTURE = (800, 1088)
SMALLEST = 16.0
NUM_CLASSES = 91
# In the picture of a training step.
OBJECTS = 8


def workload(name):
    """A row of the table, or one made up by a growth plot: nms_<boxes> or roi_align_<rois>."""
    if name in TABLE:
        return TABLE[name]
    if match := re.fullmatch(r"nms_(\d+)", name):
        return {**TABLE["nms_1000"], "boxes": int(match[1])}
    if match := re.fullmatch(r"roi_align_(\d+)", name):
        return {**TABLE["roi_align_boxes"], "rois": int(match[1])}
    raise SystemExit(f"no workload is called {name}")


def boxes(count):
    return parameters.boxes("boxes", count, *PICTURE, smallest=SMALLEST)


def scores(count):
    return parameters.noise("scores", [count])


def picture(height, width):
    """[H, W, 3] uint8: blocks of 16 pixels with a fine grain, from the generator."""
    coarse = parameters.uniform("picture.coarse", (height // 16 + 1) * (width // 16 + 1) * 3)
    coarse = coarse.reshape(height // 16 + 1, width // 16 + 1, 3).repeat(16, 0).repeat(16, 1)[:height, :width]
    fine = parameters.uniform("picture.fine", height * width * 3).reshape(height, width, 3)
    return (128.0 + 80.0 * coarse + 40.0 * fine).astype(np.uint8)


def objects(height, width):
    """What there is to learn in a picture: boxes, the ellipses they hold as masks, labels in order from 1."""
    found = parameters.boxes("objects", OBJECTS, height, width, smallest=SMALLEST)
    y, x = (np.mgrid[:height, :width] + 0.5).astype(np.float32)
    square = lambda at, low, high: ((at - (low + high) / 2) / ((high - low) / 2)) ** 2
    masks = [square(x, x1, x2) + square(y, y1, y2) <= 1 for x1, y1, x2, y2 in found]
    return found, np.arange(1, OBJECTS + 1), np.stack(masks)


def weights(cache, kind):
    """Path of the safetensors file with generated weights for `kind` (body, maskrcnn or maskrcnn_training), written once."""
    from safetensors.numpy import save_file

    path = Path(cache) / f"{kind}.safetensors"
    if not path.exists():
        from peer import build

        path.parent.mkdir(parents=True, exist_ok=True)
        model = build(kind, *PICTURE)
        listing = parameters.fill(model)
        save_file({name: parameters.parameter(name, shape) for name, shape in listing}, path)
    return path
