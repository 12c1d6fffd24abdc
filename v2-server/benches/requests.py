#!/usr/bin/env python3
"""Measures windlass-server on SQLite: its start, a page of a long listing, a long listing whole, an import.

    cargo build --release -p windlass-v2-server
    v2-server/benches/requests.py
    v2-server/benches/requests.py --rounds 5 --server target/dist/windlass-server

Needs wrk (Debian: wrk) for the page. The server runs on processor 1, the load on processor 0, so
requests a second are those of one core; requests a second of processor time are given beside them,
which other work on the machine disturbs less. Medians of several rounds.
"""
import argparse
import hashlib
import json
import os
import pathlib
import re
import shutil
import socket
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tests/python"))
import windlass_server  # noqa: E402

TICK = os.sysconf("SC_CLK_TCK")
EVENTS = 100_000
FILES = 100_000
PACKAGES = 1_500


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--server", type=pathlib.Path, default=ROOT / "target/release/windlass-server")
    arguments.add_argument("--rounds", type=int, default=3)
    arguments.add_argument("--seconds", type=int, default=3, help="how long a round of the page takes")
    arguments = arguments.parse_args()
    if not arguments.server.exists():
        sys.exit(f"error: there is no {arguments.server}; `cargo build --release -p windlass-v2-server` makes it")
    with tempfile.TemporaryDirectory(prefix="windlass-bench-") as folder:
        folder = pathlib.Path(folder)
        rows = [start(arguments, folder)]
        rows += imports(arguments, folder / "imports")
        rows += listing(arguments, folder / "listing")
        rows += page(arguments, folder / "page")
    width = max(len(name) for name, _ in rows)
    for name, result in rows:
        print(f"{name:<{width}}  {result}")


class Server(windlass_server.Server):
    """A windlass-server on a processor of its own."""

    def __init__(self, program, data):
        super().__init__(program, data, before=["taskset", "-c", "1"])

    def cpu_seconds(self):
        fields = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / TICK

    def peak_mebibytes(self):
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmHWM:\s+(\d+)", status).group(1)) / 1024


def start(arguments, folder):
    times = []
    for number in range(max(arguments.rounds, 5)):
        with Server(arguments.server, folder / f"start{number}") as server:
            times.append(server.start_seconds)
    return "start on an empty folder, to the first answer", f"{statistics.median(times) * 1000:,.0f} ms (goal 300)"


def imports(arguments, data):
    """The time from the first byte of the SBOM to the acknowledged image, and to its analysis."""
    sbom = json.dumps(make_sbom(PACKAGES, 0)).encode()
    acknowledged, analyzed = [], []
    with Server(arguments.server, data) as server:
        for number in range(max(arguments.rounds, 5)):
            began = time.perf_counter()
            digest = server.import_image(sbom, number)
            acknowledged.append(time.perf_counter() - began)
            server.until_analyzed(f"/images/{digest}")
            analyzed.append(time.perf_counter() - began)
        peak = server.peak_mebibytes()
    name = f"import of an SBOM with {PACKAGES:,} packages ({len(sbom) / 1e6:.1f} MB)"
    return [
        (f"{name}, acknowledged", f"{statistics.median(acknowledged) * 1000:,.0f} ms (goal 300)"),
        (f"{name}, analysed", f"{statistics.median(analyzed) * 1000:,.0f} ms (goal 300), {peak:.0f} MiB at most"),
    ]


def listing(arguments, data):
    """A listing of many files, whole."""
    sbom = json.dumps(make_sbom(10, FILES)).encode()
    rates, cpu_rates = [], []
    with Server(arguments.server, data) as server:
        digest = server.import_image(sbom)
        server.until_analyzed(f"/images/{digest}")
        # Read once first: pages of the file are in memory then, as they are for the rows beside.
        size = len(read(server, f"/images/{digest}/content/files"))
        for _ in range(max(arguments.rounds, 5)):
            cpu, began = server.cpu_seconds(), time.perf_counter()
            for _ in range(5):
                read(server, f"/images/{digest}/content/files")
            rates.append(5 * size / (time.perf_counter() - began) / 1e6)
            cpu_rates.append(5 * size / max(server.cpu_seconds() - cpu, 1 / TICK) / 1e6)
    result = f"{statistics.median(rates):,.0f} MB/s (goal 400), {statistics.median(cpu_rates):,.0f} MB a second of CPU"
    return [(f"listing of {FILES:,} files ({size / 1e6:.1f} MB)", result)]


def read(server, path):
    """An answer as bytes, read as fast as this program can."""
    with socket.create_connection(("127.0.0.1", server.port)) as connection:
        head = f"GET /v2{path} HTTP/1.1\r\nhost: bench\r\nauthorization: Bearer {server.token}\r\nconnection: close\r\n\r\n"
        connection.sendall(head.encode())
        parts, buffer = [], bytearray(1 << 20)
        while count := connection.recv_into(buffer):
            parts.append(bytes(buffer[:count]))
    answer = b"".join(parts)
    if not answer.startswith(b"HTTP/1.1 200"):
        sys.exit(f"error: GET {path} answered {answer[:200]!r}")
    return answer


def page(arguments, data):
    """A page of 100 rows from many, in the middle of the newest."""
    if not shutil.which("wrk"):
        return [("page of 100 events", "left out: there is no wrk")]
    with Server(arguments.server, data):
        pass
    fill_events(data / "windlass.db")
    rates, cpu_rates = [], []
    with Server(arguments.server, data) as server:
        path = "/events?limit=100"
        size = len(json.dumps(server.call("GET", path)))
        for _ in range(arguments.rounds):
            cpu = server.cpu_seconds()
            load = ["taskset", "-c", "0", "wrk", "-t1", "-c16", f"-d{arguments.seconds}s"]
            load += ["-H", f"authorization: Bearer {server.token}", f"{server.url}{path}"]
            out = subprocess.run(load, capture_output=True, text=True, check=True).stdout
            if "Non-2xx" in out:
                sys.exit(f"error: some answers were no success\n{out}")
            requests = int(re.search(r"(\d+) requests in", out).group(1))
            rates.append(float(re.search(r"Requests/sec:\s+([\d.]+)", out).group(1)))
            cpu_rates.append(requests / max(server.cpu_seconds() - cpu, 1 / TICK))
        peak = server.peak_mebibytes()
    result = (
        f"{statistics.median(rates):,.0f} a second (goal 10,000), {statistics.median(cpu_rates):,.0f} a second of CPU, "
        f"{peak:.0f} MiB at most"
    )
    return [(f"page of 100 from {EVENTS:,} events ({size / 1e3:.0f} kB)", result)]


def fill_events(file):
    """Rows as the server writes them: it has no operation that makes events by the thousand."""
    database = sqlite3.connect(file)
    rows = (event(n) for n in range(EVENTS))
    with database:
        database.executemany(
            """INSERT INTO events (sequence, event_id, account_name, type, level, resource_type, resource_id,
                                   service_name, host_id, created_at, is_selected, document)
               VALUES (:sequence, :event_id, 'admin', :type, 'info', 'image_digest', :resource_id,
                       'analyzer', 'localhost', :created_at, 1, :document)""",
            rows,
        )
    database.close()


def event(n):
    """One row; it counts as compared with the selectors of notifications, or the server would do that first."""
    row = {
        "sequence": 1_000 + n,
        "event_id": hashlib.md5(str(n).encode()).hexdigest(),
        "type": "user.image.analysis.completed",
        "resource_id": "sha256:" + hashlib.sha256(str(n).encode()).hexdigest(),
        "created_at": f"2026-11-{1 + n // 5_000:02}T{n // 250 % 20:02}:{n // 5 % 50:02}:{n % 60:02}Z",
    }
    shown = {
        "event_id": row["event_id"],
        "created_at": row["created_at"],
        "event": {
            "source": {"service_name": "analyzer", "host_id": "localhost", "base_url": "http://127.0.0.1:8228"},
            "resource": {"account_name": "admin", "id": row["resource_id"], "type": "image_digest"},
            "type": row["type"],
            "category": "user",
            "level": "info",
            "message": "Image analysis completed successfully",
            "details": {"msg": "an image was analysed", "duration_seconds": 12},
            "timestamp": row["created_at"],
        },
    }
    return {**row, "document": json.dumps(shown, separators=(",", ":"))}


def make_sbom(packages, files):
    artifacts = [
        {
            "id": f"{n:016x}", "name": f"package-{n}", "version": f"1.{n}.0", "type": "npm", "foundBy": "javascript-package-cataloger",
            "locations": [{"path": f"/app/node_modules/package-{n}/package.json", "layerID": "sha256:" + "1" * 64}],
            "licenses": ["MIT"], "language": "javascript", "cpes": [f"cpe:2.3:a:package-{n}:package-{n}:1.{n}.0:*:*:*:*:node.js:*:*"],
            "purl": f"pkg:npm/package-{n}@1.{n}.0", "metadataType": "NpmPackageJsonMetadata",
            "metadata": {"name": f"package-{n}", "version": f"1.{n}.0", "author": "Nobody <nobody@example.com>", "homepage": "https://example.com",
                         "description": "a package that does one thing and does it well enough for most", "url": "https://example.com/r", "private": False},
        }
        for n in range(packages)
    ]
    listed = [
        {
            "id": f"{n:016x}", "location": {"path": f"/usr/share/doc/package-{n // 100}/file-{n}.txt", "layerID": "sha256:" + "1" * 64},
            "metadata": {"mode": 644, "type": "RegularFile", "userID": 0, "groupID": 0, "mimeType": "text/plain", "size": n},
            "digests": [{"algorithm": "sha256", "value": hashlib.sha256(str(n).encode()).hexdigest()}],
        }
        for n in range(files)
    ]
    return {
        "artifacts": artifacts, "artifactRelationships": [], "files": listed, "source": {"type": "image", "target": {}},
        "distro": {"name": "alpine", "id": "alpine", "version": "3.20", "versionID": "3.20"},
        "descriptor": {"name": "syft", "version": "1.18.1"}, "schema": {"version": "16.0.0", "url": "https://example.com"},
    }


if __name__ == "__main__":
    main()
