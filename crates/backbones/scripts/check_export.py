"""Loads what examples/export_reference.rs wrote into torchvision (strict) and compares the outputs.

Usage: python check_export.py FOLDER      (torchvision 0.24, torch 2.9, safetensors)

Exits with 1 if an output differs by more than 1e-4 of its largest value: float32 sums of up to 25,088
products in different orders, through up to 53 layers.
"""

import sys
from pathlib import Path

import torch
import torchvision
from safetensors.torch import load_file
from torchvision.models import detection
from torchvision.models.detection._utils import overwrite_eps
from torchvision.models.detection.backbone_utils import resnet_fpn_backbone
from torchvision.ops.misc import FrozenBatchNorm2d

BOUND = 1e-4


def resnet50_fpn():
    net = resnet_fpn_backbone(backbone_name="resnet50", weights=None, norm_layer=FrozenBatchNorm2d)
    overwrite_eps(net, 0.0)
    return net


def resnet50_fpn_v2():
    return detection.maskrcnn_resnet50_fpn_v2(weights=None, weights_backbone=None).backbone


MODELS = {
    "resnet18": torchvision.models.resnet18,
    "resnet50": torchvision.models.resnet50,
    "vgg16": torchvision.models.vgg16,
    "vgg16_bn": torchvision.models.vgg16_bn,
    "resnet50_fpn": resnet50_fpn,
    "resnet50_fpn_v2": resnet50_fpn_v2,
}


def main():
    folder = Path(sys.argv[1])
    failed = False
    for name, build in MODELS.items():
        state = load_file(folder / f"{name}.safetensors")
        model = build().eval()
        assert set(state) == set(model.state_dict()), name
        model.load_state_dict(state, strict=True)
        io = load_file(folder / f"{name}.io.safetensors")
        with torch.no_grad():
            outputs = model(io["input"])
        outputs = list(outputs.values()) if isinstance(outputs, dict) else [outputs]
        for i, output in enumerate(outputs):
            expected = io[f"output.{i}"]
            error = ((output - expected).abs().max() / output.abs().max()).item()
            failed |= not error < BOUND
            print(f"{name} output {i} {list(output.shape)}: relative difference {error:.1e}")
    sys.exit(failed)


if __name__ == "__main__":
    main()
