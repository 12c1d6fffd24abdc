"""A windlass-server as a process, called as its administrator: what benches and the conformance run share."""

import hashlib
import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request

PASSWORD = "correct horse battery staple"
# How long a start, and an analysis, may take.
PATIENCE_SECONDS = 60


class Server:
    """A server on the folder `data`, on a free port. `before` comes before the program, such as `taskset -c 1`."""

    def __init__(self, program, data, before=(), log=None):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}/v2"
        began = time.perf_counter()
        self.process = subprocess.Popen(
            [*before, program, "--data-dir", data, "--listen", f"127.0.0.1:{self.port}", "--log", "warn"],
            env={**os.environ, "WINDLASS_ADMIN_PASSWORD": PASSWORD},
            stderr=log and log.open("w"),
        )
        while not self._is_up():
            if self.process.poll() is not None or time.perf_counter() - began > PATIENCE_SECONDS:
                self.process.kill()
                sys.exit(f"error: {program} does not start{log.read_text() if log else ''}")
            time.sleep(0.001)
        self.start_seconds = time.perf_counter() - began
        # A token goes on working when somebody changes the password.
        form = urllib.parse.urlencode({"username": "admin", "password": PASSWORD}).encode()
        self.token = json.load(urllib.request.urlopen(f"{self.url}/oauth/token", form))["access_token"]

    def _is_up(self):
        try:
            return urllib.request.urlopen(f"{self.url}/health").status == 200
        except OSError:
            return False

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(PATIENCE_SECONDS)

    def call(self, method, path, body=None):
        """The answer as JSON; nothing when it is empty. Anything but a success ends the program."""
        data = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data, method=method)
        request.add_header("authorization", f"Bearer {self.token}")
        if data is not None:
            request.add_header("content-type", "application/json")
        try:
            text = urllib.request.urlopen(request).read()
        except urllib.error.HTTPError as error:
            raise SystemExit(f"error: {method} {path} answered {error.code}: {error.read().decode()}") from error
        return json.loads(text) if text else None

    def import_image(self, sbom, number=1):
        """Imports an image; gives its digest. Another number makes another image."""
        operation = self.call("POST", "/imports/images")["uuid"]
        config = {
            "architecture": "amd64",
            "os": "linux",
            "number": number,
            "history": [{"created": "2026-01-02T03:04:05Z", "created_by": "/bin/sh"}],
            "config": {"Env": ["PATH=/bin"]},
            "rootfs": {"type": "layers", "diff_ids": ["sha256:" + "0" * 64]},
        }
        config_digest = digest_of(config)
        manifest = {
            "schemaVersion": 2,
            "mediaType": "application/vnd.docker.distribution.manifest.v2+json",
            "config": {
                "mediaType": "application/vnd.docker.container.image.v1+json",
                "size": len(json.dumps(config)),
                "digest": config_digest,
            },
            "layers": [
                {
                    "mediaType": "application/vnd.docker.image.rootfs.diff.tar.gzip",
                    "size": 1000,
                    "digest": "sha256:" + "1" * 64,
                }
            ],
        }
        parts = [("packages", sbom), ("manifest", manifest), ("image-config", config)]
        contents = {
            part.replace("-", "_"): self.call("POST", f"/imports/images/{operation}/{part}", body)["digest"]
            for part, body in parts
        }
        digest = digest_of(manifest)
        chosen = {
            "operation_uuid": operation,
            "digest": digest,
            "local_image_id": config_digest,
            "tags": [f"docker.io/library/app:{number}"],
            "contents": contents,
        }
        self.call("POST", "/images", {"source": {"import": chosen}})
        return digest

    def until_analyzed(self, path):
        """Waits until the image or source at `path` is analysed."""
        deadline = time.perf_counter() + PATIENCE_SECONDS
        while (status := self.call("GET", path)["analysis_status"]) != "analyzed":
            if status == "analysis_failed" or time.perf_counter() > deadline:
                raise SystemExit(f"error: {path} is {status}")
            time.sleep(0.002)


def digest_of(document):
    """The digest of a JSON document as this program sends it."""
    return "sha256:" + hashlib.sha256(json.dumps(document).encode()).hexdigest()
