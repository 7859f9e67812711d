#!/usr/bin/env python3
"""A detector trained here, exported, must score in torchvision what it scores here: run by hand.

    python tests/scripts/trained_detector.py RUN ANNOTATIONS PICTURES [--evaluate target/release/evaluate]

RUN is the folder of a finished run of `train-detector` or `quickstart` (Faster or Mask R-CNN on a ResNet with FPN),
ANNOTATIONS and PICTURES a COCO file and its folder, such as `synthesise --layout coco` writes. The network is built anew in
torchvision from RUN/config.json, loads RUN/model.safetensors with strict=True and is scored by pycocotools; `evaluate` scores
the same run on the same pictures, decoded once and handed over as PNG: JPEG decoders differ by a level here and there, which moves
AP by up to 0.002. AP, AP50 and AP75 of boxes and masks must agree to 0.001. Needs torch 2.9, torchvision 0.24, pycocotools,
safetensors, Pillow.
"""

import argparse
import contextlib
import io
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from pycocotools import mask as coco_mask
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval
from safetensors.torch import load_file
from torchvision.models import detection
from torchvision.models.detection import faster_rcnn, mask_rcnn
from torchvision.models.detection.anchor_utils import AnchorGenerator
from torchvision.models.detection.backbone_utils import BackboneWithFPN
from torchvision.models.resnet import BasicBlock, Bottleneck, ResNet
from torchvision.ops import MultiScaleRoIAlign, misc

# The promise: average precision, 0 to 1.
TOLERANCE = 1e-3


class Body(ResNet):
    """A ResNet of any widths."""

    def __init__(self, config):
        torch.nn.Module.__init__(self)
        epsilon = config["norm"]["epsilon"]
        kind = misc.FrozenBatchNorm2d if config["norm"]["frozen"] else torch.nn.BatchNorm2d
        norm = lambda channels: kind(channels, eps=epsilon)
        stem = config["stem_width"]
        self._norm_layer, self.inplanes, self.dilation, self.groups, self.base_width = norm, stem, 1, 1, config["base_width"]
        self.conv1 = torch.nn.Conv2d(3, stem, 7, stride=2, padding=3, bias=False)
        self.bn1, self.relu, self.maxpool = norm(stem), torch.nn.ReLU(), torch.nn.MaxPool2d(3, stride=2, padding=1)
        block = {"Basic": BasicBlock, "Bottleneck": Bottleneck}[config["block"]]
        for stage, (width, blocks) in enumerate(zip(config["widths"], config["blocks"]), 1):
            setattr(self, f"layer{stage}", self._make_layer(block, width, blocks, stride=1 if stage == 1 else 2))
        self.avgpool, self.fc = torch.nn.AdaptiveAvgPool2d(1), torch.nn.Linear(1, 1)


def pooler(config):
    names = [str(level) for level in range(config["levels"])]
    return MultiScaleRoIAlign(names, config["output_size"], config["sampling_ratio"], canonical_scale=config["canonical_size"])


def build(config):
    """The network of a run's configuration, in torchvision."""
    masks = config["mask_rcnn"]["mask"] if "mask_rcnn" in config else None
    config = config["mask_rcnn"]["detector"]["Faster"] if masks else config["faster_rcnn"]
    pyramid, rpn, heads, transform = (config[key] for key in ("backbone", "rpn", "roi_heads", "transform"))
    pyramid = pyramid["ResNetFpn"]
    layers = {f"layer{stage}": str(place) for place, stage in enumerate(pyramid["returned_stages"])}
    channels = pyramid["fpn"]["out_channels"]
    body = BackboneWithFPN(Body(pyramid["body"]), layers, pyramid["fpn"]["in_channels"], channels)
    sizes = rpn["anchors"]["sizes"]
    features = heads["head"]["TwoMlp"]["features"]
    parts = {
        "rpn_anchor_generator": AnchorGenerator(
            tuple(map(tuple, sizes)), (tuple(rpn["anchors"]["aspect_ratios"]),) * len(sizes)
        ),
        "box_roi_pool": pooler(heads["pooler"]),
        "box_head": faster_rcnn.TwoMLPHead(channels * heads["pooler"]["output_size"] ** 2, features),
        "box_predictor": faster_rcnn.FastRCNNPredictor(features, config["num_classes"]),
        "min_size": transform["min_size"],
        "max_size": transform["max_size"],
        "image_mean": transform["mean"],
        "image_std": transform["std"],
        "rpn_pre_nms_top_n_test": rpn["test"]["before_suppression"],
        "rpn_post_nms_top_n_test": rpn["test"]["after_suppression"],
        "rpn_nms_thresh": rpn["nms_threshold"],
        "rpn_score_thresh": rpn["score_threshold"],
        "box_score_thresh": heads["postprocess"]["score_threshold"],
        "box_nms_thresh": heads["postprocess"]["nms_threshold"],
        "box_detections_per_img": heads["postprocess"]["detections"],
        "bbox_reg_weights": tuple(heads["coder"]["weights"]),
    }
    if masks is None:
        return detection.FasterRCNN(body, **parts)
    return detection.MaskRCNN(
        body,
        **parts,
        mask_roi_pool=pooler(masks["pooler"]),
        mask_head=mask_rcnn.MaskRCNNHeads(channels, masks["layers"], 1),
        mask_predictor=mask_rcnn.MaskRCNNPredictor(masks["layers"][-1], masks["reduced"], config["num_classes"]),
    )


@torch.no_grad()
def detect(model, images, folder):
    """The COCO results list of all pictures; labels are the model's."""
    results = []
    for image in images:
        picture = np.asarray(Image.open(folder / image["file_name"]).convert("RGB"))
        found = model([torch.from_numpy(picture.copy()).permute(2, 0, 1).float() / 255])[0]
        for index, (x1, y1, x2, y2) in enumerate(found["boxes"].double().tolist()):
            result = {
                "image_id": image["id"],
                "category_id": found["labels"][index].item(),
                "score": found["scores"][index].item(),
                "bbox": [x1, y1, x2 - x1, y2 - y1],
            }
            if "masks" in found:
                bits = np.asfortranarray((found["masks"][index, 0] >= 0.5).numpy().astype(np.uint8))
                result["segmentation"] = coco_mask.encode(bits)
            results.append(result)
    return results


def score(truth, results, kind):
    with contextlib.redirect_stdout(io.StringIO()):
        evaluation = COCOeval(truth, truth.loadRes(results), kind)
        evaluation.evaluate()
        evaluation.accumulate()
        evaluation.summarize()
    return dict(zip(("AP", "AP50", "AP75"), evaluation.stats))


def grouped(annotations, classes):
    """The annotations with the model's classes as categories: a category is the class of its name, else of its group."""
    label = lambda category: next(
        classes.index(name) + 1 for name in (category["name"], category.get("supercategory")) if name in classes
    )
    labels = {category["id"]: label(category) for category in annotations["categories"]}
    objects = [{**one, "category_id": labels[one["category_id"]]} for one in annotations["annotations"]]
    categories = [{"id": place, "name": name} for place, name in enumerate(classes, 1)]
    return {**annotations, "annotations": objects, "categories": categories}


def as_png(annotations, pictures, folder):
    """The annotations of the same pictures in another folder, as PNG."""
    images = []
    for image in annotations["images"]:
        name = f"{image['id']}.png"
        Image.open(pictures / image["file_name"]).convert("RGB").save(folder / name)
        images.append({**image, "file_name": name})
    return {**annotations, "images": images}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", type=Path)
    parser.add_argument("annotations", type=Path)
    parser.add_argument("pictures", type=Path)
    parser.add_argument("--evaluate", type=Path, default=Path("target/release/evaluate"))
    arguments = parser.parse_args()

    config = json.loads((arguments.run / "config.json").read_text())["program"]["model"]
    classes = (arguments.run / "classes.txt").read_text().split("\n")[:-1]
    model = build(config).eval()
    state = load_file(arguments.run / "model.safetensors")
    counters = {name: value for name, value in model.state_dict().items() if name.endswith("num_batches_tracked")}
    model.load_state_dict({**state, **counters}, strict=True)

    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        annotations = as_png(json.loads(arguments.annotations.read_text()), arguments.pictures, folder)
        (folder / "annotations.json").write_text(json.dumps(annotations))
        (folder / "truth.json").write_text(json.dumps(grouped(annotations, classes)))
        with contextlib.redirect_stdout(io.StringIO()):
            truth = COCO(folder / "truth.json")
        answer = folder / "scores.json"
        command = [arguments.evaluate, "--run", arguments.run, folder / "annotations.json", "--pictures", folder]
        subprocess.run([*command, "--json", answer], check=True, stdout=subprocess.DEVNULL)
        ours = json.loads(answer.read_text())["scores"]
        results = detect(model, truth.dataset["images"], folder)
    good = True
    for prefix, kind in (("box", "bbox"), ("mask", "segm")):
        if f"{prefix}_AP" not in ours:
            continue
        for name, theirs in score(truth, results, kind).items():
            here = ours[f"{prefix}_{name}"]
            same = abs(here - theirs) <= TOLERANCE
            good &= same
            print(f"{prefix}_{name:5} here {here:.4f}   torchvision {theirs:.4f}   {'ok' if same else 'DIFFERS'}")
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
