#!/usr/bin/env python3
"""Runs the audit beside GoAccess on the same combined log, in turns.

    cargo build --release -p windlass-migrate --bin windlass --example made_month
    migrate-cli/benches/beside_goaccess.py                   about 100 MB, three rounds
    migrate-cli/benches/beside_goaccess.py --scale 60        about 1 GB

Needs goaccess (Debian: goaccess). The log is that of a made month (examples/made_month.rs). A
busy machine is busy for both: compare the ratio of one run, never the numbers of two. Lines a
second are lines by the time on the clock; memory is the largest resident set. What the audit
counted is compared with the number of lines.
"""
import argparse
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent


def run(command, out):
    """Seconds on the clock, seconds of processors, and the largest resident set in MiB."""
    start = time.monotonic()
    with open(out, "wb") as file:
        process = subprocess.Popen(command, stdout=file, stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)
    if status != 0:
        sys.exit(f"{command[0]} ended with {status}")
    return time.monotonic() - start, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--scale", type=int, default=6, help="how busy the month is; 60 is about 1 GB")
    arguments.add_argument("--rounds", type=int, default=3)
    arguments.add_argument("--target", default=os.environ.get("CARGO_TARGET_DIR", str(ROOT / "target")))
    options = arguments.parse_args()
    release = pathlib.Path(options.target) / "release"
    goaccess = shutil.which("goaccess")
    if not goaccess:
        print("goaccess is not installed: only the audit is measured")
    with tempfile.TemporaryDirectory() as folder:
        log, out = os.path.join(folder, "access.log"), os.path.join(folder, "out")
        with open(log, "wb") as file:
            subprocess.run([release / "examples/made_month", "--scale", str(options.scale)], stdout=file, check=True)
        with open(log, "rb") as file:
            lines = sum(block.count(b"\n") for block in iter(lambda: file.read(1 << 20), b""))
        size = os.path.getsize(log)
        print(f"{lines:,} lines, {size / 1e6:,.0f} MB, {os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}")
        audit = [str(release / "windlass"), "audit", "--format", "json", log]
        other = [goaccess, log, "--log-format=COMBINED", "--no-global-config", "--no-progress", "-o", out + ".json"]
        found = {"windlass audit": [], "goaccess": []}
        for _ in range(options.rounds):
            found["windlass audit"].append(run(audit, out))
            with open(out, "rb") as file:
                counted = json.load(file)["sources"][0]
            assert (counted["lines"], counted["calls"]) == (lines, lines), counted
            if goaccess:
                found["goaccess"].append(run(other, out + ".log"))
        medians = {}
        for name, rounds in found.items():
            if rounds:
                clock, processor, memory = (statistics.median(column) for column in zip(*rounds))
                medians[name] = clock, processor
                print(f"{name:16} {lines / clock:12,.0f} lines/s  {clock:7.2f} s  {processor:7.2f} s of processors  {memory:6.0f} MiB")
        if len(medians) == 2:
            clock = medians["goaccess"][0] / medians["windlass audit"][0]
            processor = medians["goaccess"][1] / medians["windlass audit"][1]
            print(f"ratio {clock:.1f} by the clock, {processor:.1f} by time of processors")


if __name__ == "__main__":
    main()
