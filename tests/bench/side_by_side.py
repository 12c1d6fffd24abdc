"""Runs windlass-proxy and its peers side by side on one machine and prints ratios.

    cargo build --release && python3 tests/bench/side_by_side.py rewrite pass memory

Needs nginx with the Lua module, lua-cjson and wrk (Debian: nginx-light libnginx-mod-http-lua
lua-cjson wrk). The upstream is nginx with static files. Proxies run on processor 1 with one
worker, wrk and the upstream on processor 0; rounds are interleaved and every figure is a
median over rounds. Load goes to 127.0.0.1 only, and everything started here is stopped here.
Quote ratios, not absolute numbers: machines differ and may be shared.
"""

import argparse
import json
import os
import re
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request

import bodies

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
TICKS = os.sysconf("SC_CLK_TCK")
UPSTREAM, NGINX, LUA, WINDLASS, ADMIN = 18100, 18101, 18102, 18103, 18104

COMMON = """
worker_processes 1; daemon off; pid {run}/{name}.pid; error_log stderr crit;
events {{ worker_connections 4096; }}
"""
PATHS = """
  access_log off; tcp_nodelay on; keepalive_requests 100000000; keepalive_timeout 75s;
  client_body_temp_path {run}/{name}-1; proxy_temp_path {run}/{name}-2; fastcgi_temp_path {run}/{name}-3;
  uwsgi_temp_path {run}/{name}-4; scgi_temp_path {run}/{name}-5;
"""
UPSTREAM_CONF = COMMON + "http {{" + PATHS + """
  sendfile on; open_file_cache max=100;
  server {{ listen 127.0.0.1:{upstream}; root {data}; default_type application/json;
    location = /v2/images {{ rewrite ^ /$arg_full_tag.json break; }} }}
}}
"""
NGINX_CONF = COMMON + "http {{" + PATHS + """
  upstream up {{ server 127.0.0.1:{upstream}; keepalive 256; keepalive_requests 100000000; }}
  server {{ listen 127.0.0.1:{port};
    location / {{ proxy_pass http://up; proxy_http_version 1.1; proxy_set_header Connection "";
      proxy_max_temp_file_size 0; proxy_buffer_size 64k; proxy_buffers 8 64k; proxy_busy_buffers_size 128k; }} }}
}}
"""
# The usual way to rewrite a body in nginx: collect it, decode, rename, encode.
LUA_CONF = """
load_module modules/ndk_http_module.so;
load_module modules/ngx_http_lua_module.so;
""" + COMMON + "http {{" + PATHS + """
  lua_package_path "/usr/share/lua/5.1/?.lua;;"; lua_package_cpath "/usr/lib/x86_64-linux-gnu/lua/5.1/?.so;;";
  upstream up {{ server 127.0.0.1:{upstream}; keepalive 256; keepalive_requests 100000000; }}
  init_by_lua_block {{
    cjson = require "cjson"
    DETAIL = {{ full_tag = "fulltag", full_digest = "fulldigest", account_name = "userId",
                image_digest = "imageDigest", image_id = "imageId" }}
    IMAGE = {{ image_digest = "imageDigest", parent_digest = "parentDigest", account_name = "userId" }}
    function rename(object, names)
      local renamed = {{}}
      for key, value in pairs(object) do renamed[names[key] or key] = value end
      return renamed
    end
    function to_v1(text)
      local images = cjson.decode(text).items
      for i = 1, #images do
        local image = rename(images[i], IMAGE)
        for j = 1, #image.image_detail do image.image_detail[j] = rename(image.image_detail[j], DETAIL) end
        images[i] = image
      end
      return cjson.encode(images)
    end
  }}
  server {{ listen 127.0.0.1:{port};
    location = /v1/images {{
      proxy_pass http://up/v2/images?full_tag=$arg_fulltag; proxy_http_version 1.1;
      proxy_set_header Connection ""; proxy_set_header Accept-Encoding ""; proxy_max_temp_file_size 0;
      proxy_buffer_size 64k; proxy_buffers 8 64k; proxy_busy_buffers_size 128k;
      header_filter_by_lua_block {{ ngx.header.content_length = nil }}
      body_filter_by_lua_block {{
        local held = ngx.ctx
        if ngx.arg[1] ~= "" then held.pieces = held.pieces or {{}}; held.pieces[#held.pieces + 1] = ngx.arg[1] end
        if ngx.arg[2] then ngx.arg[1] = to_v1(table.concat(held.pieces or {{}})) else ngx.arg[1] = nil end
      }} }} }}
}}
"""


class Run:
    """Processes started for one run; all are stopped at its end."""

    def __init__(self, folder):
        self.folder, self.started = folder, []

    def start(self, name, command, port, processor, environment=None):
        log = open(os.path.join(self.folder, name + ".log"), "w")
        child = subprocess.Popen(["taskset", "-c", processor] + command, stdout=log, stderr=log,
                                 env={**os.environ, **(environment or {})}, start_new_session=True)
        self.started.append(child)
        for _ in range(200):
            if child.poll() is not None:
                sys.exit("%s ended at start: %s" % (name, open(log.name).read()[-800:]))
            try:
                socket.create_connection(("127.0.0.1", port), 0.2).close()
                return child.pid
            except OSError:
                time.sleep(0.05)
        sys.exit("%s does not listen on port %d" % (name, port))

    def nginx(self, name, template, port, processor):
        path = os.path.join(self.folder, name + ".conf")
        with open(path, "w") as out:
            out.write(template.format(run=self.folder, name=name, upstream=UPSTREAM, port=port,
                                      data=os.path.join(self.folder, "data")))
        return self.start(name, ["nginx", "-c", path, "-p", "/usr/share/nginx"], port, processor)

    def windlass(self, binary):
        return self.start("windlass", [
            binary, "--listen", "127.0.0.1:%d" % WINDLASS, "--admin-listen", "127.0.0.1:%d" % ADMIN,
            "--upstream", "http://127.0.0.1:%d" % UPSTREAM, "--threads", "1",
            "--data-dir", os.path.join(self.folder, "windlass-data")], WINDLASS, "1")

    def stop(self):
        for child in self.started:
            try:
                os.killpg(child.pid, signal.SIGTERM)
            except OSError:
                pass
        for child in self.started:
            try:
                child.wait(5)
            except subprocess.TimeoutExpired:
                os.killpg(child.pid, signal.SIGKILL)


def family(pid):
    """The process and its descendants."""
    children = {}
    for entry in filter(str.isdigit, os.listdir("/proc")):
        try:
            parent = int(open("/proc/%s/stat" % entry).read().rsplit(")", 1)[1].split()[1])
            children.setdefault(parent, []).append(int(entry))
        except OSError:
            pass
    found, todo = [], [pid]
    while todo:
        found.append(todo.pop())
        todo += children.get(found[-1], [])
    return found


def cpu_seconds(pids):
    total = 0
    for pid in pids:
        try:
            fields = open("/proc/%d/stat" % pid).read().rsplit(")", 1)[1].split()
            total += int(fields[11]) + int(fields[12])
        except OSError:
            pass
    return total / TICKS


def peak_mib(pids, reset=False):
    total = 0
    for pid in pids:
        try:
            if reset:
                open("/proc/%d/clear_refs" % pid, "w").write("5")
            else:
                total += int(re.search(r"VmHWM:\s+(\d+)", open("/proc/%d/status" % pid).read())[1])
        except (OSError, TypeError):
            pass
    return total / 1024


def milliseconds(text):
    number, unit = re.match(r"([\d.]+)(us|ms|s)", text).groups()
    return float(number) * {"us": 0.001, "ms": 1, "s": 1000}[unit]


def load(url, connections, seconds, pid):
    pids = family(pid)
    peak_mib(pids, reset=True)
    before = cpu_seconds(pids)
    text = subprocess.run(["taskset", "-c", "0", "wrk", "-t1", "-c%d" % connections, "-d%ds" % seconds,
                           "--latency", "--timeout", "30s", url], capture_output=True, text=True, check=True).stdout
    requests = int(re.search(r"(\d+) requests in", text)[1])
    bad = re.search(r"Non-2xx or 3xx responses: (\d+)", text)
    errors = re.search(r"Socket errors: (.*)", text)
    if bad or errors:
        sys.exit("%s: answers were not right: %s" % (url, (bad or errors)[0]))
    return {"rate": float(re.search(r"Requests/sec:\s+([\d.]+)", text)[1]),
            "p99": milliseconds(re.search(r"99%\s+(\S+)", text)[1]),
            "cpu": (cpu_seconds(pids) - before) / max(requests, 1) * 1e4, "peak": peak_mib(pids)}


def compare(title, targets, sizes, rounds, seconds):
    """`targets`: (name, url with {size}, pid); ratios are against the first."""
    print("\n%s\n%-6s %-22s %9s %7s %8s %7s %9s %7s %9s" % (
        title, "size", "who", "req/s", "ratio", "p99 ms", "ratio", "cpu/10k", "ratio", "peak MiB"))
    results = []
    for size in sizes:
        connections = 4 if size == "20m" else 32
        seen = {name: [] for name, _, _ in targets}
        for name, url, pid in targets:
            load(url.format(size=size), connections, 1, pid)
        for number in range(rounds):
            turn = number % len(targets)
            for name, url, pid in targets[turn:] + targets[:turn]:
                seen[name].append(load(url.format(size=size), connections, seconds, pid))
        first = seen[targets[0][0]]
        for name, _, _ in targets:
            middle = lambda key: statistics.median(r[key] for r in seen[name])
            ratio = lambda key: statistics.median(r[key] / f[key] for r, f in zip(seen[name], first) if f[key])
            row = {"size": size, "who": name, "rate": middle("rate"), "rate_ratio": ratio("rate"),
                   "p99_ms": middle("p99"), "p99_ratio": ratio("p99"), "cpu_s_per_10k": middle("cpu"),
                   "cpu_ratio": ratio("cpu"), "peak_mib": max(r["peak"] for r in seen[name])}
            results.append(row)
            print("%-6s %-22s %9.0f %7.2f %8.2f %7.2f %9.3f %7.2f %9.1f" % tuple(row.values()), flush=True)
    return results


def same_documents(size):
    """The rewriting peers must agree with us before they are compared."""
    read = lambda url: json.load(urllib.request.urlopen(url, timeout=60))
    ours = read("http://127.0.0.1:%d/v1/images?fulltag=%s" % (WINDLASS, size))
    lua = read("http://127.0.0.1:%d/v1/images?fulltag=%s" % (LUA, size))
    if ours != lua:
        for mine, theirs in zip(ours, lua):
            if mine != theirs:
                sys.exit("the peers disagree:\n%s\n%s" % (json.dumps(mine, sort_keys=True), json.dumps(theirs, sort_keys=True)))


def memory(pid, clients, size, prefix, rounds=1):
    """Peak memory of the proxy while `clients` read a body of `size` at once."""
    pids = family(pid)
    time.sleep(0.5)
    peak_mib(pids, reset=True)
    base = peak_mib(pids)

    def read():
        answer = urllib.request.urlopen("http://127.0.0.1:%d%s%s" % (WINDLASS, prefix, size), timeout=300)
        while answer.read(1 << 20):
            pass
    threads = [threading.Thread(target=read) for _ in range(clients)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    peak = peak_mib(pids)
    print("memory: %d clients x %s on %s: %.1f MiB before, %.1f MiB at the peak" % (
        clients, size, prefix.split("?")[0], base, peak))
    return {"clients": clients, "size": size, "base_mib": base, "peak_mib": peak}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", nargs="+", choices=["rewrite", "pass", "memory"])
    parser.add_argument("--binary", default=os.path.join(ROOT, "target", "release", "windlass-proxy"))
    parser.add_argument("--sizes", default="1k,10k,100k,1m,20m")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=3)
    parser.add_argument("--json", metavar="FILE", help="write the figures there too")
    options = parser.parse_args()
    sizes = options.sizes.split(",")
    with tempfile.TemporaryDirectory() as folder:
        data = os.path.join(folder, "data")
        os.makedirs(data)
        for size in sizes + (["200m"] if "memory" in options.what else []):
            bodies.write(data, size)
        run, results = Run(folder), {}
        try:
            run.nginx("upstream", UPSTREAM_CONF, UPSTREAM, "0")
            windlass = run.windlass(options.binary)
            v1 = "http://127.0.0.1:%d/v1/images?fulltag={size}"
            v2 = "http://127.0.0.1:%d/v2/images?full_tag={size}"
            if "rewrite" in options.what:
                lua = run.nginx("lua", LUA_CONF, LUA, "1")
                same_documents(sizes[0])
                results["rewrite"] = compare("rewriting, against nginx + lua-cjson", [
                    ("nginx+lua-cjson", v1 % LUA, lua), ("windlass", v1 % WINDLASS, windlass)],
                    sizes, options.rounds, options.seconds)
                results["rewrite_cost"] = compare("rewriting, against our own pass-through", [
                    ("windlass pass-through", v2 % WINDLASS, windlass), ("windlass rewriting", v1 % WINDLASS, windlass)],
                    sizes, options.rounds, options.seconds)
            if "pass" in options.what:
                nginx = run.nginx("nginx", NGINX_CONF, NGINX, "1")
                results["pass"] = compare("pass-through, against nginx with 64 KiB buffers", [
                    ("nginx", v2 % NGINX, nginx), ("windlass", v2 % WINDLASS, windlass)],
                    sizes, options.rounds, options.seconds)
            if "memory" in options.what:
                results["memory"] = [memory(windlass, 8, "200m", "/v1/images?fulltag="),
                                     memory(windlass, 8, "200m", "/v2/images?full_tag=")]
        finally:
            run.stop()
        if options.json:
            with open(options.json, "w") as out:
                json.dump(results, out, indent=1)


if __name__ == "__main__":
    main()
