"""Writes tests/fixtures/. Made with torchvision 0.24.0 and torch 2.9.0; run from crates/backbones.

state_dict_*.txt   every name and shape of a torchvision model's state_dict(), in its order
tiny_net.pth       a state dict saved by torch.save, zip format
tiny_net_legacy.pth  the same, in the format before torch 1.6
tiny_checkpoint.pth  the same below the key "model", beside an optimiser's state, in float16
executes_code.pth  a pickle that runs a shell command when Python loads it
smuggles_code.pth  the tiny net with such an object between its tensors

The values of tiny_net are worked from their index: element i of tensor t (both counted from 0, in the
order of the dictionary) is t + i / 64, which float16 holds exactly.
"""

import os
import pickle
from pathlib import Path

import torch
import torchvision
from torchvision.models import detection
from torchvision.models.detection.backbone_utils import resnet_fpn_backbone
from torchvision.ops.misc import FrozenBatchNorm2d

OUT = Path("tests/fixtures")


def state_dict(name, model):
    lines = [f"# torchvision {torchvision.__version__}: {name}"]
    for key, value in model.state_dict().items():
        lines.append(f"{key} {list(value.shape)}")
    (OUT / f"state_dict_{name}.txt").write_text("\n".join(lines) + "\n")


TINY = {
    "conv1.weight": [2, 3, 1, 1],
    "bn1.weight": [2],
    "bn1.bias": [2],
    "bn1.running_mean": [2],
    "bn1.running_var": [2],
    "fc.weight": [3, 2],
    "fc.bias": [3],
}


def tiny_net():
    tensors = {}
    for t, (name, shape) in enumerate(TINY.items()):
        count = torch.Size(shape).numel()
        tensors[name] = (t + torch.arange(count, dtype=torch.float32) / 64).reshape(shape)
        if name == "bn1.running_var":
            tensors["bn1.num_batches_tracked"] = torch.tensor(7)
    return tensors


class Command:
    """Pickles as a call of os.system."""

    def __reduce__(self):
        return os.system, ("touch executed",)


def main():
    OUT.mkdir(parents=True, exist_ok=True)
    for name in ["resnet18", "resnet50", "vgg16", "vgg16_bn"]:
        state_dict(name, torchvision.models.get_model(name))
    # Without weights torchvision would build the first with BatchNorm2d; with them it has this one.
    backbone = resnet_fpn_backbone(
        backbone_name="resnet50", weights=None, norm_layer=FrozenBatchNorm2d
    )
    state_dict("maskrcnn_resnet50_fpn", detection.MaskRCNN(backbone, 91))
    v2 = detection.maskrcnn_resnet50_fpn_v2(weights=None, weights_backbone=None)
    state_dict("maskrcnn_resnet50_fpn_v2", v2)

    torch.save(tiny_net(), OUT / "tiny_net.pth")
    torch.save(tiny_net(), OUT / "tiny_net_legacy.pth", _use_new_zipfile_serialization=False)
    half = {k: v.half() if v.is_floating_point() else v for k, v in tiny_net().items()}
    checkpoint = {
        "model": half,
        "optimizer": {"state": {0: {"momentum_buffer": torch.ones(2)}}, "lr": 0.02},
        "epoch": 3,
    }
    torch.save(checkpoint, OUT / "tiny_checkpoint.pth")

    (OUT / "executes_code.pth").write_bytes(pickle.dumps(Command(), protocol=2))
    torch.save({**tiny_net(), "extra": Command()}, OUT / "smuggles_code.pth")


if __name__ == "__main__":
    main()
