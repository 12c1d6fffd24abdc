#!/usr/bin/env python3
"""Runs the proxy beside nginx (pass-through) and nginx with lua-cjson (rewriting).

    cargo build --release -p windlass-proxy
    proxy/benches/side_by_side.py                   every size, both ways
    proxy/benches/side_by_side.py --sizes 1k,100k --rounds 3
    proxy/benches/side_by_side.py --memory          peak memory of 8 clients reading 200 MB each

Needs wrk, nginx and, for rewriting, its lua module with lua-cjson (Debian: wrk nginx-light
libnginx-mod-http-lua lua-cjson). What is missing is said and left out.

All targets are measured in turns, so that a busy machine is busy for all of them: each on
processor 1, the load and the upstream on processor 0. Compare the ratios of one run, never
the numbers of two. Before anything is measured, every target's answer is compared with the
expected one as JSON.
"""
import argparse
import json
import os
import pathlib
import random
import re
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
TICK = os.sysconf("SC_CLK_TCK")
SIZES = {"1k": 1 << 10, "10k": 10 << 10, "100k": 100 << 10, "1m": 1 << 20, "20m": 20 << 20, "200m": 200 << 20}
TOP = {
    "vulnerabilityId": "vulnerability_id", "cveId": "cve_id", "cvssScore": "cvss_score",
    "cvssVector": "cvss_vector", "packageName": "package_name", "packageVersion": "package_version",
    "fixedVersion": "fixed_version", "firstSeenAt": "first_seen_at", "lastSeenAt": "last_seen_at",
    "isFixable": "is_fixable", "referenceUrls": "reference_urls", "affectedAsset": "affected_asset",
}
ASSET = {"assetId": "asset_id", "assetName": "asset_name", "ipAddress": "ip_address"}

COMMON = """
daemon off; worker_processes 1; pid {run}/{name}.pid; error_log stderr crit;
events {{ worker_connections 4096; }}
http {{
  access_log off; tcp_nodelay on; keepalive_requests 100000000;
  client_body_temp_path {run}/{name}1; proxy_temp_path {run}/{name}2; fastcgi_temp_path {run}/{name}3;
  uwsgi_temp_path {run}/{name}4; scgi_temp_path {run}/{name}5;
"""
UPSTREAM = COMMON + """
  sendfile on; open_file_cache max=100; types {{ application/json json; }}
  server {{ listen 127.0.0.1:{port} reuseport; root {run}; }}
}}
"""
TO_UPSTREAM = """
  upstream up {{ server 127.0.0.1:{upstream}; keepalive 256; keepalive_requests 100000000; }}
"""
NGINX = COMMON + TO_UPSTREAM + """
  server {{ listen 127.0.0.1:{port};
    location / {{ proxy_pass http://up; proxy_http_version 1.1; proxy_set_header Connection "";
      proxy_max_temp_file_size 0; proxy_buffer_size 64k; proxy_buffers 8 64k; proxy_busy_buffers_size 128k; }} }}
}}
"""
NGINX_LUA = """
load_module modules/ndk_http_module.so; load_module modules/ngx_http_lua_module.so;
""" + COMMON + TO_UPSTREAM + """
  lua_package_path "/usr/share/lua/5.1/?.lua;;"; lua_package_cpath "/usr/lib/x86_64-linux-gnu/lua/5.1/?.so;;";
  init_by_lua_block {{
    cjson = require "cjson"
    TOP = {{ {top} }}
    ASSET = {{ {asset} }}
    function renamed(object, names)
      local out = {{}}
      for key, value in pairs(object) do
        if key == "affectedAsset" and type(value) == "table" then value = renamed(value, ASSET) end
        out[names[key] or key] = value
      end
      return out
    end
    function rewritten(text)
      local items = cjson.decode(text).items
      for i = 1, #items do items[i] = renamed(items[i], TOP) end
      return cjson.encode(items)
    end
  }}
  server {{ listen 127.0.0.1:{port};
    location /v1/ {{ proxy_pass http://up/v2/; proxy_http_version 1.1; proxy_set_header Connection "";
      proxy_set_header Accept-Encoding ""; proxy_max_temp_file_size 0;
      header_filter_by_lua_block {{ ngx.header.content_length = nil }}
      body_filter_by_lua_block {{
        local held = ngx.ctx
        if ngx.arg[1] ~= "" then held.parts = held.parts or {{}}; held.parts[#held.parts + 1] = ngx.arg[1] end
        if ngx.arg[2] then ngx.arg[1] = rewritten(table.concat(held.parts or {{}})) else ngx.arg[1] = nil end
      }} }} }}
}}
"""


def finding(r, n):
    words = "buffer overflow remote attacker crafted packet denial of service improper validation".split()
    text = lambda count: " ".join(r.choice(words) for _ in range(count)) + r.choice(["", ' "quoted"', "\nline", " \u00e9"])
    return {
        "vulnerabilityId": f"{r.getrandbits(64):016x}", "cveId": f"CVE-{r.randint(2005, 2026)}-{n:05d}",
        "title": text(6), "description": text(25), "severity": r.choice(["low", "high"]), "cvssScore": r.randint(0, 100) / 10,
        "cvssVector": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", "packageName": "lib" + r.choice(words),
        "packageVersion": f"{r.randint(0, 9)}.{r.randint(0, 40)}", "fixedVersion": r.choice([None, "1.2.3"]),
        "firstSeenAt": "2020-01-01T00:00:00Z", "lastSeenAt": "2026-01-01T00:00:00Z", "isFixable": r.random() < .7,
        "status": "open", "referenceUrls": ["https://nvd.example/vuln/detail"],
        "affectedAsset": {"assetId": r.getrandbits(31), "assetName": f"host-{n}.example", "ipAddress": "10.0.0.1"},
    }


def write_bodies(folder, sizes):
    """The V2 body of each size; returns the V1 body that each must become."""
    folder.mkdir(parents=True)
    expected = {}
    for name in sizes:
        r, items, size = random.Random(1), [], 0
        while size < SIZES[name] - 300:
            items.append(json.dumps(finding(r, len(items)), ensure_ascii=False, separators=(",", ":")))
            size += len(items[-1].encode()) + 1
        (folder / f"{name}.json").write_text('{"items":[' + ",".join(items) + '],"total":%d}' % len(items))
        if SIZES[name] <= SIZES["20m"]:
            expected[name] = [renamed(json.loads(i), TOP) for i in items]
    return expected


def renamed(value, names):
    if "affectedAsset" in value:
        value = {**value, "affectedAsset": renamed(value["affectedAsset"], ASSET)}
    return {names.get(k, k): v for k, v in value.items()}


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Target:
    """A running program and what it answers under `prefix`."""

    def __init__(self, name, command, port, processor, env=None):
        self.name, self.port = name, port
        self.process = subprocess.Popen(["taskset", "-c", processor, *command], start_new_session=True,
                                        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env={**os.environ, **(env or {})})
        for _ in range(200):
            if self.process.poll() is not None:
                raise RuntimeError(f"{name}: " + self.process.stderr.read().decode()[-400:].strip())
            try:
                socket.create_connection(("127.0.0.1", port), .2).close()
                return
            except OSError:
                time.sleep(.05)
        raise RuntimeError(f"{name} does not listen")

    def pids(self):
        found, todo = [], [self.process.pid]
        while todo:
            pid = todo.pop()
            found.append(pid)
            for task in pathlib.Path(f"/proc/{pid}/task").glob("*/children"):
                todo += map(int, task.read_text().split())
        return found

    def cpu(self):
        ticks = 0
        for pid in self.pids():
            fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
            ticks += int(fields[11]) + int(fields[12])
        return ticks / TICK

    def peak(self, reset=False):
        total = 0
        for pid in self.pids():
            if reset:
                pathlib.Path(f"/proc/{pid}/clear_refs").write_text("5")
            else:
                total += int(re.search(r"VmHWM:\s+(\d+)", pathlib.Path(f"/proc/{pid}/status").read_text())[1])
        return total / 1024

    def get(self, path):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=120) as answer:
            return answer.read()

    def stop(self):
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGTERM)
            try:
                self.process.wait(5)
            except subprocess.TimeoutExpired:
                os.killpg(self.process.pid, signal.SIGKILL)


def milliseconds(text):
    number, unit = (re.match(r"([\d.]+)(us|ms|s|m)", text) or re.match(r"(.)(.)", "0s")).groups()
    return float(number) * {"us": .001, "ms": 1, "s": 1000, "m": 60000}[unit]


def wrk(target, path, clients, seconds):
    target.peak(reset=True)
    before = target.cpu()
    out = subprocess.run(["taskset", "-c", "0", "wrk", "-t1", f"-c{clients}", f"-d{seconds}s", "--latency", "--timeout", "60s",
                          f"http://127.0.0.1:{target.port}{path}"], capture_output=True, text=True, timeout=seconds + 90).stdout
    count = int(re.search(r"(\d+) requests in", out)[1])
    bad = re.search(r"Non-2xx or 3xx responses: (\d+)", out)
    errors = re.search(r"Socket errors: (.*)", out)
    return {
        "rate": float(re.search(r"Requests/sec:\s+([\d.]+)", out)[1]),
        "cpu": (target.cpu() - before) / max(count, 1) * 1e4,
        "p99": milliseconds(re.search(r"99%\s+(\S+)", out)[1]),
        "peak": target.peak(),
        "bad": (int(bad[1]) if bad else 0) + sum(map(int, re.findall(r"\d+", errors[1] if errors else ""))),
    }


def compare(targets, path, clients, seconds, rounds):
    """Measures all targets in turns; the first is what the others are compared with."""
    for target in targets:
        wrk(target, path(target), clients, 1)
    seen = {target.name: [] for target in targets}
    for turn in range(rounds):
        turned = targets[turn % len(targets):] + targets[:turn % len(targets)]
        for target in turned:
            seen[target.name].append(wrk(target, path(target), clients, seconds))
    first = seen[targets[0].name]
    for target in targets:
        own = seen[target.name]
        middle = lambda key: statistics.median(run[key] for run in own)
        ratio = lambda key: statistics.median(run[key] / max(base[key], 1e-9) for run, base in zip(own, first))
        print(f"  {target.name:22}{middle('rate'):10.0f}{ratio('rate'):7.2f}{middle('cpu'):10.3f}{ratio('cpu'):7.2f}"
              f"{middle('p99'):9.2f}{ratio('p99'):7.2f}{max(run['peak'] for run in own):9.1f}{sum(run['bad'] for run in own):6}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", default="1k,10k,100k,1m,20m")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=3)
    parser.add_argument("--clients", type=int, default=32)
    parser.add_argument("--proxy", default=os.environ.get("CARGO_TARGET_DIR", str(ROOT / "target")) + "/release/windlass-proxy")
    parser.add_argument("--memory", action="store_true")
    parser.add_argument("--only", choices=["pass", "rewrite"])
    options = parser.parse_args()
    for tool in ["wrk", "nginx", "taskset"]:
        if not shutil.which(tool):
            sys.exit(f"`{tool}` is not installed; see --help")
    sizes = ["200m"] if options.memory else options.sizes.split(",")
    targets = []
    run = pathlib.Path(tempfile.mkdtemp(prefix="side-by-side-"))
    try:
        run.chmod(0o755)  # nginx reads it as another user
        expected = write_bodies(run / "v2", sizes)
        lua = lambda names: ", ".join(f'{a}="{b}"' for a, b in names.items())

        def nginx(name, template, processor, upstream=0):
            port = free_port()
            conf = run / f"{name}.conf"
            conf.write_text(template.format(run=run, name=name, port=port, upstream=upstream, top=lua(TOP), asset=lua(ASSET)))
            target = Target(name, ["nginx", "-c", str(conf), "-p", "/usr/share/nginx"], port, processor)
            targets.append(target)
            return target

        upstream = nginx("upstream", UPSTREAM, "0")
        port = free_port()
        proxy = Target("windlass-proxy", [options.proxy], port, "1", {
            "WINDLASS_LISTEN": f"127.0.0.1:{port}", "WINDLASS_UPSTREAM": f"http://127.0.0.1:{upstream.port}",
            "WINDLASS_MAPPINGS": str(HERE / "mappings"), "WINDLASS_RECORDS": str(run / "records.jsonl"),
            "WINDLASS_ADMIN_LISTEN": "off", "WINDLASS_THREADS": "1"})
        targets.append(proxy)
        if options.memory:
            result = wrk(proxy, "/v1/200m.json", 8, 20)
            print(f"8 clients x 200 MB rewritten: {result['peak']:.1f} MiB at most, {result['bad']} errors")
            return
        plain = nginx("nginx", NGINX, "1", upstream.port)
        try:
            with_lua = nginx("nginx-lua", NGINX_LUA, "1", upstream.port)
        except RuntimeError as error:
            with_lua = None
            print(f"left out: {error}")
        title = f"  {'':22}{'req/s':>10}{'x':>7}{'cpu/10k':>10}{'x':>7}{'p99 ms':>9}{'x':>7}{'peak MiB':>9}{'bad':>6}"
        for size in sizes:
            clients = 4 if SIZES[size] > SIZES["1m"] else options.clients
            through = lambda target: f"/v2/{size}.json"
            rewritten = lambda target: f"/v1/{size}.json"
            wanted = json.loads((run / "v2" / f"{size}.json").read_text())
            for target in [plain, proxy]:
                assert json.loads(target.get(through(target))) == wanted, f"{target.name} changes {size}"
            if options.only != "rewrite":
                print(f"\n{size} passed through, {clients} clients\n{title}")
                compare([plain, proxy], through, clients, options.seconds, options.rounds)
            if options.only != "pass":
                rewriting = [target for target in [with_lua, proxy] if target]
                for target in rewriting:
                    assert json.loads(target.get(rewritten(target))) == expected[size], f"{target.name} gets {size} wrong"
                print(f"\n{size} rewritten, {clients} clients\n{title}")
                compare(rewriting, rewritten, clients, options.seconds, options.rounds)
    finally:
        for target in targets:
            target.stop()
        shutil.rmtree(run, ignore_errors=True)


if __name__ == "__main__":
    main()
