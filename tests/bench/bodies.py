"""Writes V2 image listings of given sizes: `bodies.py FOLDER [SIZE ...]`, sizes such as 1k, 100k, 20m.

The bodies are answers of `GET /v2/images`. Text fields hold escapes, UTF-8 and text that looks
like JSON, so that a rewriter which searches and replaces is found out. Same sizes, same bytes.
"""

import json
import os
import random
import sys

SIZES = {"k": 10**3, "m": 10**6, "g": 10**9}


def digest(rng):
    return "sha256:%064x" % rng.getrandbits(256)


def image(rng, number):
    account = rng.choice(["admin", "acme", "team-7"])
    image_digest, created = digest(rng), "2026-%02d-%02dT%02d:00:00Z" % (
        rng.randint(1, 12), rng.randint(1, 28), rng.randint(0, 23))
    repo = "team/app-%d" % number
    notes = ['says "hello"', "two\nlines and a \\ backslash", "d\u00e9j\u00e0 vu \u6f0f\u6d1e",
             '{"image_digest": "decoy", "account_name": [1, 2]}', "plain text"]
    detail = [{
        "created_at": created, "last_updated": created, "full_tag": "docker.io/%s:%d" % (repo, tag),
        "full_digest": "docker.io/%s@%s" % (repo, image_digest), "account_name": account,
        "image_digest": image_digest, "image_id": "%064x" % rng.getrandbits(256),
        "registry": "docker.io", "repo": repo, "dockerfile": None, "tag_detected_at": created,
    } for tag in range(rng.randint(1, 2))]
    return {
        "image_digest": image_digest, "parent_digest": digest(rng), "account_name": account,
        "created_at": created, "last_updated": created, "analyzed_at": created,
        "annotations": {"note": rng.choice(notes), "imageDigest": "user data"},
        "image_status": "active", "analysis_status": "analyzed", "image_type": "docker",
        "record_version": None, "image_detail": detail,
        "image_content": {"metadata": {"arch": "amd64", "distro": "debian", "distro_version": "12",
                                       "dockerfile_mode": "Guessed", "image_size": rng.randint(10**6, 10**9),
                                       "layer_count": rng.randint(1, 40)}},
    }


def write(folder, size):
    wanted = int(size[:-1]) * SIZES[size[-1]]
    rng = random.Random(size)
    items, length = [], len('{"items":[]}')
    while True:
        text = json.dumps(image(rng, len(items)), ensure_ascii=False, separators=(",", ":"))
        if items and length + len(text.encode()) > wanted:
            break
        items.append(text)
        length += len(text.encode()) + 1
    with open(os.path.join(folder, size + ".json"), "w", encoding="utf-8") as out:
        out.write('{"items":[' + ",".join(items) + "]}")
    return length, len(items)


def main():
    folder, sizes = sys.argv[1], sys.argv[2:] or ["1k", "10k", "100k", "1m", "20m"]
    os.makedirs(folder, exist_ok=True)
    for size in sizes:
        print("%s: %d bytes, %d images" % (size, *write(folder, size)))


if __name__ == "__main__":
    main()
