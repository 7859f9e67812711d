"""One workload under a peer: `peer.py WORKLOAD torchvision|onnxruntime REPEATS CACHE` prints one JSON line.

The line holds the median milliseconds, the peak resident memory of this process in MiB and a checksum of the result.
"""

import json
import os
import resource
import statistics
import sys
import time
import warnings
from pathlib import Path

THREADS = int(os.environ.get("WARDROBE_THREADS", "2"))
os.environ["OMP_NUM_THREADS"] = os.environ["MKL_NUM_THREADS"] = str(THREADS)
warnings.filterwarnings("ignore")

import numpy as np  # noqa: E402
import torch  # noqa: E402
import torchvision  # noqa: E402
from torchvision.models.detection import MaskRCNN, maskrcnn_resnet50_fpn  # noqa: E402
from torchvision.models.detection.backbone_utils import resnet_fpn_backbone  # noqa: E402

import workloads  # noqa: E402

torch.set_num_threads(THREADS)


def build(kind, min_size, max_size):
    if kind == "body":
        return torchvision.models.resnet50(weights=None).eval()
    if kind == "maskrcnn_training":
        # What `maskrcnn_resnet50_fpn(weights_backbone=...)` gives: frozen norms, the last three stages trained.
        backbone = resnet_fpn_backbone(backbone_name="resnet50", weights=None, trainable_layers=3)
        return MaskRCNN(backbone, workloads.NUM_CLASSES, min_size=min_size, max_size=max_size).train()
    return maskrcnn_resnet50_fpn(
        weights=None, weights_backbone=None, num_classes=workloads.NUM_CLASSES, min_size=min_size, max_size=max_size
    ).eval()


def load(kind, cache, min_size=800, max_size=1333):
    from safetensors.torch import load_file

    model = build(kind, min_size, max_size)
    state = load_file(workloads.weights(cache, kind))
    counters = {n: t for n, t in model.state_dict().items() if n.endswith("num_batches_tracked")}
    model.load_state_dict({**state, **counters}, strict=True)
    return model


def absolute_sum(tensors):
    return sum(tensor.double().abs().sum().item() for tensor in tensors)


def roi_align(row):
    features = torch.from_numpy(workloads.parameters.noise("features", [1, row["channels"], *row["map"]]))
    boxes = workloads.boxes(row["rois"])
    rois = torch.from_numpy(np.concatenate([np.zeros((len(boxes), 1), np.float32), boxes], 1))
    features.requires_grad_(row["backward"])

    def run():
        pooled = torchvision.ops.roi_align(features, rois, row["output"], row["scale"], sampling_ratio=2, aligned=False)
        if not row["backward"]:
            return [pooled]
        features.grad = None
        (pooled * pooled).sum().backward()
        return [features.grad]

    return run, absolute_sum


def nms(row):
    boxes = torch.from_numpy(workloads.boxes(row["boxes"]))
    scores = torch.from_numpy(workloads.scores(row["boxes"]))
    return lambda: torchvision.ops.nms(boxes, scores, row["threshold"]), lambda kept: float(kept.sum())


def body(row, cache):
    model = load("body", cache)
    x = torch.from_numpy(workloads.parameters.noise("picture", [1, 3, *row["picture"]]))

    def run():
        y = model.maxpool(model.relu(model.bn1(model.conv1(x))))
        stages = []
        for layer in (model.layer1, model.layer2, model.layer3, model.layer4):
            y = layer(y)
            stages.append(y)
        return stages

    return run, absolute_sum


def maskrcnn(row, cache):
    """From the decoded picture to boxes, labels, scores and full-size masks, as both libraries' users call them."""
    model = load("maskrcnn", cache, row["min_size"], row["max_size"])
    image = workloads.picture(*row["picture"])

    def run():
        x = torch.from_numpy(image).permute(2, 0, 1).float() / 255
        return model([x])[0]

    return run, lambda found: found["scores"].double().sum().item()


def maskrcnn_training(row, cache):
    """Losses, gradients, and SGD with momentum at a rate so small that every step is the first."""
    model = load("maskrcnn_training", cache, row["min_size"], row["max_size"])
    image = workloads.picture(*row["picture"])
    boxes, labels, masks = workloads.objects(*row["picture"])
    target = {"boxes": torch.from_numpy(boxes), "labels": torch.from_numpy(labels), "masks": torch.from_numpy(masks.astype(np.uint8))}
    trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
    optimizer = torch.optim.SGD(trained, lr=1e-9, momentum=0.9, weight_decay=1e-4)

    def run():
        x = torch.from_numpy(image).permute(2, 0, 1).float() / 255
        loss = sum(model([x], [target]).values())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return loss

    return run, lambda loss: loss.item()


def maskrcnn_onnx(row, cache):
    import onnxruntime

    path = Path(cache) / "maskrcnn_{}x{}.onnx".format(*row["picture"])
    image = workloads.picture(*row["picture"])
    if not path.exists():
        # In a process of its own, so that exporting does not count towards this one's memory.
        if os.fork() == 0:
            x = torch.from_numpy(image).permute(2, 0, 1).float() / 255
            model = load("maskrcnn", cache, row["min_size"], row["max_size"])
            names = ["boxes", "labels", "scores", "masks"]
            torch.onnx.export(model, ([x],), path, opset_version=17, dynamo=False, input_names=["image"], output_names=names)
            os._exit(0)
        if os.wait()[1] != 0:
            raise SystemExit("the ONNX export failed")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = THREADS
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])

    def run():
        x = np.ascontiguousarray(image.transpose(2, 0, 1)).astype(np.float32) / 255
        return session.run(["boxes", "labels", "scores", "masks"], {"image": x})

    return run, lambda found: float(found[2].astype(np.float64).sum())


def prepare(name, peer, cache):
    row = workloads.workload(name)
    if peer == "onnxruntime":
        return maskrcnn_onnx(row, cache)
    if row["kind"] == "roi_align":
        return roi_align(row)
    if row["kind"] == "nms":
        return nms(row)
    return {"body": body, "maskrcnn": maskrcnn, "maskrcnn_training": maskrcnn_training}[row["kind"]](row, cache)


def main():
    name, peer, repeats, cache = sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4]
    with torch.set_grad_enabled("training" in name):
        run, check = prepare(name, peer, cache)
        checksum, times = check(run()), []
        for _ in range(repeats):
            start = time.perf_counter()
            run()
            times.append((time.perf_counter() - start) * 1e3)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"milliseconds": statistics.median(times), "peak_mebibytes": peak, "checksum": checksum}))


if __name__ == "__main__":
    main()
