#!/usr/bin/env python3
"""Compares our programs with torchvision on checkpoints that no fixture knows: run by hand.

    python tests/scripts/whole_model.py [--arch NAME ...] [--seed 1] [--backend flex] [--bin target/release]

For every architecture and class count it draws a network the way torchvision does (random initialisation, another seed than
any fixture), measures batch-norm statistics on noise pictures, rescales the predictors until there are detections, and saves
the checkpoint as .pth. Then, on PNG pictures of three sizes:

1. `detect --json` on the .pth against torchvision: counts, labels, boxes, scores, masks;
2. `convert-weights` to .safetensors, loaded in torchvision with strict=True: the state dict and the detections must be the same.

The line "torchvision, 64 bits" shows how far torchvision is from itself in another precision: decisions on the border (a score
at 0.05, an IoU at the threshold) fall one way or the other there too. Needs torch 2.9, torchvision 0.24, pycocotools, Pillow.
"""

import argparse
import copy
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from pycocotools import mask as coco_mask
from safetensors.torch import load_file
from torchvision.models import detection

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "fixtures"))

from common import background_for, picture, to_tensor  # noqa: E402
from generate_detections import fasterrcnn_vgg16  # noqa: E402

CASES = [
    ("maskrcnn_resnet50_fpn", 91),
    ("maskrcnn_resnet50_fpn", 21),
    ("maskrcnn_resnet50_fpn_v2", 91),
    ("fasterrcnn_resnet50_fpn", 21),
    ("fasterrcnn_resnet50_fpn_v2", 21),
    ("fasterrcnn_vgg16", 21),
]
PICTURES = [(480, 640), (500, 333), (300, 800)]
# The promise: pixels, probability, intersection over union.
BOX, SCORE, MASK = 0.05, 1e-4, 0.999


def stable_sort(tensor, *arguments, sort=torch.Tensor.sort, **options):
    """torchvision's batched_nms orders more than 1,000 boxes by an unstable sort: probabilities that saturate at 1 then come
    in any order. Ours come by index, as in its nms; so must the reference's."""
    return sort(tensor, *arguments, **(options if arguments else {"stable": True} | options))


torch.Tensor.sort = stable_sort


def scaled(layer, spread, outputs, centre=False):
    """Rescales a predictor so that each of its outputs has the standard deviation `spread` over positions."""
    flat = outputs.transpose(0, 1).flatten(1)
    factor = spread / flat.std(1).mean().clamp_min(1e-9)
    layer.weight.mul_(factor)
    layer.bias.mul_(factor)
    if centre:
        layer.bias.sub_(flat.mean(1) * factor)


@torch.no_grad()
def draw(arch, num_classes, seed, sizes, images):
    """A network with random weights that behaves: statistics are measured, predictors rescaled, background raised."""
    torch.manual_seed(seed)
    if arch == "fasterrcnn_vgg16":
        model = fasterrcnn_vgg16(num_classes, **sizes)
    else:
        model = getattr(detection, arch)(weights=None, weights_backbone=None, num_classes=num_classes, **sizes)
    for name, module in model.named_modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.momentum = None
            # Sixteen full-strength random residual branches would amplify rounding a thousandfold, as no trained network does.
            if name.endswith("bn3"):
                module.weight.fill_(0.2)
        if isinstance(module, torch.nn.BatchNorm2d | torch.nn.Conv2d) and module.bias is not None:
            module.bias.normal_(std=0.05)
    model.eval()
    batch, _ = model.transform(images)
    model.backbone.train()
    model.backbone(batch.tensors)
    model.backbone.eval()

    seen = {}

    def watch(name):
        model.get_submodule(name).register_forward_hook(lambda _, __, output: seen.setdefault(name, []).append(output))

    predictors = ["rpn.head.cls_logits", "rpn.head.bbox_pred", "roi_heads.box_predictor.cls_score", "roi_heads.box_predictor.bbox_pred"]
    if "maskrcnn" in arch:
        predictors.append("roi_heads.mask_predictor.mask_fcn_logits")
    for name in predictors:
        watch(name)
    spreads = dict(zip(predictors, (2.0, 0.15, 1.5, 0.3, 2.0)))
    # One stage after the other: the second stage sees what the first, rescaled, proposes.
    for stage in (predictors[:2], predictors[2:4], predictors[4:]):
        if not stage:
            continue
        if stage == predictors[4:]:
            add_background(model, images)
        seen.clear()
        model(images)
        for name in stage:
            scaled(model.get_submodule(name), spreads[name], seen[name][0], centre="cls_score" in name or "mask" in name)
    if "maskrcnn" not in arch:
        add_background(model, images)
    for module in model.modules():
        module._forward_hooks.clear()
    return model


def add_background(model, images):
    raised = background_for(model, images, fewest=5, most=95)
    model.roi_heads.box_predictor.cls_score.bias[0] += 6.0 if raised is None else raised


def as_list(found):
    """torchvision's dictionary as a list of (label, score, box, mask or None)."""
    masks = found["masks"][:, 0].numpy() > 0.5 if "masks" in found else [None] * len(found["boxes"])
    rows = zip(found["labels"].tolist(), found["scores"].tolist(), found["boxes"].double().numpy(), masks)
    return list(rows)


def ours_as_list(results, image_id):
    rows = []
    for result in results:
        if result["image_id"] != image_id:
            continue
        x, y, w, h = result["bbox"]
        segmentation = result.get("segmentation")
        mask = coco_mask.decode(segmentation).astype(bool) if segmentation else None
        rows.append((result["category_id"], result["score"], np.array([x, y, x + w, y + h]), mask))
    return rows


def compare(expected, found):
    """Matches by label and nearest box; returns what differs, worst first."""
    worst = {"expected": len(expected), "found": len(found), "unmatched": 0, "box": 0.0, "score": 0.0, "mask": (1.0, "")}
    free = list(range(len(found)))
    for label, score, box, mask in expected:
        candidates = [i for i in free if found[i][0] == label]
        best = min(candidates, key=lambda i: np.abs(found[i][2] - box).max(), default=None)
        if best is None or np.abs(found[best][2] - box).max() > 1.0 or abs(found[best][1] - score) > 0.01:
            worst["unmatched"] += 1
            continue
        free.remove(best)
        worst["box"] = max(worst["box"], float(np.abs(found[best][2] - box).max()))
        worst["score"] = max(worst["score"], abs(found[best][1] - score))
        if mask is not None:
            either, other = (mask | found[best][3]).sum(), (mask ^ found[best][3]).sum()
            where = f"{other} pixels of {either}, boxes {box} and {found[best][2]}"
            worst["mask"] = min(worst["mask"], (float(1 - other / either) if either else 1.0, where))
    worst["unmatched"] += len(free)
    return worst


def merged(rows):
    total = {key: sum(row[key] for row in rows) for key in ("expected", "found", "unmatched")}
    total |= {key: max(row[key] for row in rows) for key in ("box", "score")}
    return total | {"mask": min(row["mask"] for row in rows)}


def report(title, worst):
    kept = worst["unmatched"] == 0 and worst["box"] <= BOX and worst["score"] <= SCORE and worst["mask"][0] > MASK
    print(
        f"  {title:26} {worst['expected']:4} expected {worst['found']:4} found {worst['unmatched']:3} unmatched"
        f"   box {worst['box']:.5f} px   score {worst['score']:.1e}   mask IoU {worst['mask'][0]:.5f}   {'ok' if kept else 'DIFFERS'}",
        flush=True,
    )
    if worst["mask"][0] <= MASK:
        print(f"    in the worst mask {worst['mask'][1]}", flush=True)
    return kept


@torch.no_grad()
def run(arch, num_classes, arguments, folder):
    sizes = {"min_size": arguments.min_size, "max_size": arguments.max_size}
    pictures = [picture(height, width, 100 + arguments.seed + i) for i, (height, width) in enumerate(PICTURES)]
    files = []
    for i, image in enumerate(pictures):
        files.append(folder / f"picture{i}.png")
        Image.fromarray(image).save(files[-1])
    images = [to_tensor(image) for image in pictures]
    model = draw(arch, num_classes, arguments.seed, sizes, images)
    checkpoint = folder / f"{arch}_{num_classes}.pth"
    torch.save(model.state_dict(), checkpoint)
    # One picture at a time: padding in a batch reaches into the features of the smaller picture.
    expected = [as_list(model([image])[0]) for image in images]
    wide = copy.deepcopy(model).double()
    wide = [as_list(wide([image.double()])[0]) for image in images]
    labels = len({row[0] for rows in expected for row in rows})
    print(f"{arch}, {num_classes} classes, seed {arguments.seed}: {labels} labels", flush=True)
    report("torchvision, 64 bits", merged([compare(a, b) for a, b in zip(expected, wide)]))

    name = arch.replace("_", "-")
    network = ["--arch", name, "--num-classes", str(num_classes)]
    answer = folder / "found.json"
    command = [arguments.bin / "detect", *network, "--weights", checkpoint, "--backend", arguments.backend, "--json", answer]
    command += ["--min-size", str(arguments.min_size), "--max-size", str(arguments.max_size), *files]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    results = json.loads(answer.read_text())
    ours = [ours_as_list(results, i + 1) for i in range(len(files))]
    good = report(f"detect on {arguments.backend}", merged([compare(a, b) for a, b in zip(expected, ours)]))

    exported = folder / f"{arch}_{num_classes}.safetensors"
    command = [arguments.bin / "convert-weights", *network, checkpoint, exported]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    state = model.state_dict()
    back = load_file(exported)
    same = all(torch.equal(back[key], tensor) for key, tensor in state.items() if not key.endswith("num_batches_tracked"))
    model.load_state_dict(back, strict=True)
    again = [as_list(model([image])[0]) for image in images]
    good &= same and report("exported, in torchvision", merged([compare(a, b) for a, b in zip(expected, again)]))
    checkpoint.unlink()
    exported.unlink()
    return good


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--arch", action="append", help="only these, as torchvision spells them")
    parser.add_argument("--classes", type=int, help="only with this many")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--backend", default="flex")
    parser.add_argument("--bin", type=Path, default=ROOT / "target" / "release", help="folder of detect and convert-weights")
    parser.add_argument("--min-size", type=int, default=400)
    parser.add_argument("--max-size", type=int, default=640)
    arguments = parser.parse_args()
    arguments.bin = arguments.bin.resolve()
    good = True
    with tempfile.TemporaryDirectory() as folder:
        for arch, num_classes in CASES:
            if (not arguments.arch or arch in arguments.arch) and arguments.classes in (None, num_classes):
                good &= run(arch, num_classes, arguments, Path(folder))
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
