"""Pictures per second of processor time of `augment_speed`'s steps with imgaug and Pillow, on one core.

    benches/peers/augment.py FOLDER [SECONDS]            # one run, NAME RATE a line
    benches/peers/augment.py FOLDER --beside BINARY [ROUNDS]   # BINARY (augment_speed) and this, in turn: medians,
                                                               # NAME OURS_MS PEER_MS RATIO a line

Python 3.11, imgaug 0.4.0, opencv-python 4.11, numpy 1.23.5, Pillow 13. FOLDER holds the pictures `augment_speed` made.
"""

import os

for name in ["OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"]:
    os.environ[name] = "1"

import statistics
import subprocess
import sys
import time
from pathlib import Path

SIDE = 480


def rate(seconds, count, work):
    """Pictures per second of processor time: waiting for other work on the machine does not count."""
    for index in range(count):
        work(index)
    start, done = time.thread_time(), 0
    while time.thread_time() - start < seconds:
        for _ in range(count):
            work(done)
            done += 1
    return done / (time.thread_time() - start)


def measure(folder, seconds):
    import cv2
    import imgaug.augmenters as iaa
    import numpy as np
    from PIL import Image

    cv2.setNumThreads(1)
    paths = sorted(Path(folder).glob("*.jpg"))
    count = len(paths)

    def read(index):
        return Image.open(paths[index % count]).convert("RGB")

    def resize(image):
        side = max(image.size)
        square = Image.new("RGB", (side, side), (255, 255, 255))
        square.paste(image, ((side - image.width) // 2, (side - image.height) // 2))
        return np.asarray(square.resize((SIDE, SIDE), Image.BILINEAR))

    steps = {
        "horizontal_flip": iaa.Fliplr(0.5),
        "affine": iaa.Affine(
            scale=(0.8, 1.2),
            translate_percent={"x": (-0.2, 0.2), "y": (-0.2, 0.2)},
            shear=(-8, 8),
            rotate=(-25, 25),
            cval=255,
        ),
        "channel_permutation": iaa.ChannelShuffle(0.5),
        "gaussian_noise": iaa.AdditiveGaussianNoise(scale=(0, 0.05 * 255), per_channel=0.5),
    }
    sequence = iaa.Sequential(list(steps.values()))
    decoded = [read(index) for index in range(count)]
    small = [resize(image) for image in decoded]
    rows = [
        ("resize", lambda i: resize(decoded[i % count])),
        ("augment", lambda i: sequence(image=small[i % count])),
        ("resize+augment", lambda i: sequence(image=resize(decoded[i % count]))),
        ("decode+resize+augment", lambda i: sequence(image=resize(read(i)))),
        ("decode", read),
    ]
    found = {name: rate(seconds, count, work) for name, work in rows}
    for name, step in steps.items():
        found[name] = rate(seconds / 4, count, lambda i: step(image=small[i % count]))
    return found


def parse(text):
    return {name: float(value) for name, value in (line.split() for line in text.splitlines())}


def main():
    folder = sys.argv[1]
    if len(sys.argv) > 2 and sys.argv[2] == "--beside":
        rounds = int(sys.argv[4]) if len(sys.argv) > 4 else 3
        sides = {"ours": [sys.argv[3], folder, "2"], "peer": [sys.executable, __file__, folder, "2"]}
        runs = {side: [] for side in sides}
        for _ in range(rounds):
            for side, command in sides.items():
                runs[side].append(parse(subprocess.run(command, check=True, capture_output=True, text=True).stdout))
        for name in runs["ours"][0]:
            ours, peer = (statistics.median(run[name] for run in runs[side]) for side in sides)
            print(f"{name} {1000 / ours:.2f} {1000 / peer:.2f} {ours / peer:.2f}")
        return
    for name, value in measure(folder, float(sys.argv[2]) if len(sys.argv) > 2 else 3.0).items():
        print(f"{name} {value:.1f}")


main()
