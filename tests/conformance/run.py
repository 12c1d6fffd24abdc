#!/usr/bin/env python3
"""Runs schemathesis against a V2 server, by the published specification.

    python tests/conformance/run.py --server target/release/windlass-server --specification v2-5.0.0.yaml

A server is started on a new folder and filled with a little of everything, so that ids in paths lead
somewhere. Server and tool run in a network of their own that has nothing but loopback: made-up addresses
of registries and webhooks lead nowhere. What the server means to do otherwise than the specification says
stands in exceptions.toml, each with its reason.

Exit codes: 0 every operation conforms, 1 some do not, 2 it could not run.
"""

import argparse
import fcntl
import json
import os
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

import yaml

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "python"))
from windlass_server import Server  # noqa: E402

METHODS = ("get", "put", "post", "delete", "patch")
# How often a known id stands where the specification allows any text.
KNOWN_ID = 0.7
# Statuses by which schemathesis takes valid data for accepted, and to which exceptions add.
ACCEPTED = ["2XX", "3XX", "401", "403", "404", "409", "429"]
# Statuses by which it takes invalid data for refused.
REFUSED = ["400", "401", "403", "404", "405", "406", "409", "413", "415", "422", "501"]


def main():
    arguments = parse_arguments()
    if not os.environ.get("WINDLASS_CONFORMANCE_ALONE"):
        return run_alone()
    bring_up_loopback()
    exceptions = tomllib.loads((HERE / "exceptions.toml").read_text())
    with tempfile.TemporaryDirectory(prefix="windlass-conformance-") as folder:
        folder = Path(folder)
        log = folder / "server.log"
        with Server(arguments.server, folder / "data", log=log) as server:
            known = fill(server)
            document = folder / "specification.json"
            document.write_text(json.dumps(prepared(arguments.specification, exceptions)))
            config = folder / "schemathesis.toml"
            config.write_text(configuration(exceptions, known, server.token, arguments))
            status = schemathesis(server, document, config, arguments)
            if server.process.poll() is not None:
                print(f"error: the server has ended\n{log.read_text()}", file=sys.stderr)
                return 1
            return status


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--server", required=True, type=Path, help="the program windlass-server")
    parser.add_argument("--specification", required=True, type=Path, help="the published V2 specification, YAML")
    parser.add_argument("--seed", type=int, default=1, help="the same seed makes the same requests")
    parser.add_argument("--examples", type=int, default=4, help="requests an operation, beside the systematic ones")
    parser.add_argument("--only", metavar="REGEX", help="only operations whose `METHOD /path` fits")
    parser.add_argument("--report", type=Path, help="keep the JSON report of schemathesis in this folder")
    return parser.parse_args()


def run_alone():
    """Starts this program again in a network namespace of its own."""
    command = [sys.executable, __file__, *sys.argv[1:]]
    environment = {**os.environ, "WINDLASS_CONFORMANCE_ALONE": "1"}
    for flags in (["--net"], ["--map-root-user", "--net"]):
        if subprocess.run(["unshare", *flags, "true"], capture_output=True).returncode == 0:
            return subprocess.run(["unshare", *flags, *command], env=environment).returncode
    print("error: `unshare --net` is not permitted here; without it, made-up addresses would be called", file=sys.stderr)
    return 2


def bring_up_loopback():
    set_flags, up_and_running = 0x8914, 0x1 | 0x40
    with socket.socket() as any_socket:
        fcntl.ioctl(any_socket, set_flags, struct.pack("16sh", b"lo", up_and_running))


def fill(server):
    """Puts something of each resource into the server; answers ids by parameter, or by operation and parameter."""
    call = server.call
    call("POST", "/accounts", {"name": "conformance", "email": "ops@example.com"})
    call("POST", "/accounts/conformance/users", {"username": "tester", "password": "a long password"})
    policies = call("GET", "/policies")
    image = server.import_image(sbom())
    server.until_analyzed(f"/images/{image}")
    source = import_source(server)
    application = call("POST", "/applications", {"name": "app", "description": "an application"})["application_id"]
    version = call("POST", f"/applications/{application}/versions", {"version_name": "1.0"})["application_version_id"]
    association = call(
        "POST",
        f"/applications/{application}/versions/{version}/artifacts",
        {"artifact_type": "image", "artifact_keys": {"image_digest": image}},
    )
    relationship = call(
        "POST",
        "/artifact-relationships",
        {
            "source": {"artifact_id": image, "artifact_type": "image"},
            "target": {"artifact_id": source, "artifact_type": "source"},
            "relationship_type": "contains",
        },
    )
    subscription = call("GET", "/subscriptions")[0]["subscription_id"]
    correction = call(
        "POST",
        "/corrections",
        {"type": "package", "match": {"type": "npm"}, "replace": [{"field_name": "name", "field_value": "a"}]},
    )
    rule = call(
        "POST",
        "/archives/rules",
        {
            "selector": {"registry": "*", "repository": "*", "tag": "*"},
            "tag_versions_newer": 5,
            "analysis_age_days": 5,
            "transition": "archive",
        },
    )
    call("POST", "/registries?validate=false", {"registry": "r.example.org", "registry_user": "u", "registry_pass": "p"})
    known = {
        "image_digest": [image],
        "source_id": [source],
        "account_name": ["conformance"],
        "username": ["tester"],
        "policy_id": [policies[0]["policy_id"]],
        "application_id": [application],
        "application_version_id": [version],
        "association_id": [association["artifact_association_metadata"]["association_id"]],
        "relationship_id": [relationship["uuid"]],
        "subscription_id": [subscription],
        "rule_id": [rule["rule_id"]],
        "registry": ["r.example.org"],
        "role_name": ["read-only"],
        "event_id": [event["event_id"] for event in call("GET", "/events")["results"][:5]],
    }
    webhooks = "/notifications/endpoints/webhook/configurations"
    # Nobody listens there, so that deliveries fail at once.
    webhook = call("POST", webhooks, {"url": "http://127.0.0.1:9/", "description": "nobody"})["uuid"]
    event = {"type": "*", "level": "*", "resource_type": "*"}
    selector = call("POST", f"{webhooks}/{webhook}/selectors", {"scope": "account", "event": event})["uuid"]
    by_operation = {
        "/corrections/{uuid}": {"uuid": [correction["uuid"]]},
        f"{webhooks}/{{uuid}}": {"uuid": [webhook]},
        f"{webhooks}/{{uuid}}/status": {"uuid": [webhook]},
        f"{webhooks}/{{uuid}}/selectors": {"uuid": [webhook]},
        f"{webhooks}/{{configuration_uuid}}/selectors/{{selector_uuid}}": {
            "configuration_uuid": [webhook],
            "selector_uuid": [selector],
        },
    }
    return known, by_operation


def import_source(server):
    operation = server.call("POST", "/imports/sources")["uuid"]
    uploaded = server.call("POST", f"/imports/sources/{operation}/sbom", sbom())["digest"]
    server.call(
        "POST",
        f"/imports/sources/{operation}/finalize",
        {
            "host": "git.example.org",
            "repository_name": "app",
            "revision": "abc",
            "branch_name": "main",
            "change_author": "somebody",
            "contents": {"sbom": uploaded},
        },
    )
    source = server.call("GET", "/sources")["items"][0]["uuid"]
    server.until_analyzed(f"/sources/{source}")
    return source


def sbom():
    """A document as Syft writes it, of one package of each of two kinds."""
    common = {"locations": [{"path": "/lib/apk/db/installed", "layerID": "sha256:1"}], "licenses": ["MIT"], "cpes": []}
    return {
        "artifacts": [
            {**common, "name": "musl", "version": "1.2", "type": "apk", "language": "", "purl": "pkg:alpine/musl@1.2"},
            {**common, "name": "left-pad", "version": "1.0", "type": "npm", "language": "javascript"},
        ],
        "source": {"type": "image", "target": {}},
        "distro": {"name": "alpine", "id": "alpine", "version": "3.20", "versionID": "3.20"},
        "descriptor": {"name": "syft", "version": "1.0.0"},
        "files": [
            {
                "id": "f1",
                "location": {"path": "/etc/passwd"},
                "metadata": {"mode": 644, "type": "RegularFile", "userID": 0, "groupID": 0, "size": 1},
            }
        ],
    }


def prepared(specification, exceptions):
    """The specification, with the statuses that every operation may answer beside its own, and with logins."""
    document = yaml.load(specification.read_text(), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    shared = {row["status"]: {"description": row["reason"]} for row in exceptions["status"]}
    kinds = {row["kind"]: {"schema": {}} for row in exceptions["content"]}
    for item in document["paths"].values():
        for method in METHODS:
            if method not in item:
                continue
            # YAML reads a status as a number.
            declared = {str(status): response for status, response in item[method]["responses"].items()}
            responses = {**shared, **declared}
            for status in shared.keys() & responses.keys():
                if "content" in responses[status]:
                    responses[status] = {**responses[status], "content": {**responses[status]["content"], **kinds}}
            item[method]["responses"] = responses
    document["components"]["securitySchemes"] = {"bearer": {"type": "http", "scheme": "bearer"}}
    # Times that YAML reads as such are texts in JSON.
    return json.loads(json.dumps(document, default=str))


def configuration(exceptions, known, token, arguments):
    """The configuration of schemathesis: known ids, and what is excepted."""
    known, by_operation = known
    lines = [f"seed = {arguments.seed}", ""]
    lines += ["headers = { Authorization = " + json.dumps(f"Bearer {token}") + " }", ""]
    dictionaries = {}

    def bindings(values):
        for name, ids in values.items():
            key = f"{name}-{len(dictionaries)}"
            dictionaries[key] = ids
            yield f'"path.{name}" = {{ dictionary = "{key}", probability = {KNOWN_ID} }}'

    lines += ["[parameters]", *bindings(known), ""]
    # Schemathesis takes one section for an operation.
    sections = {}
    for path, values in by_operation.items():
        sections.setdefault(f'include-path = "{path}"', []).extend(
            ["[operations.parameters]", *bindings(values)]
        )
    for row in exceptions["operation"]:
        heads = [f"include-name = {json.dumps(name)}" for name in row.get("names", [])]
        heads += [f"include-name-regex = {json.dumps(pattern)}" for pattern in row.get("patterns", [])]
        for head in heads:
            section = sections.setdefault(head, [])
            if row["check"] == "positive_data_acceptance":
                expected = json.dumps([*ACCEPTED, *row["statuses"]])
                section += ["[operations.checks.positive_data_acceptance]", f"expected-statuses = {expected}"]
            else:
                section += [f"[operations.checks.{row['check']}]", "enabled = false"]
    for head, body in sections.items():
        lines += ["[[operations]]", head, *body, ""]
    lines += ["[checks.negative_data_rejection]", f"expected-statuses = {json.dumps(REFUSED)}", ""]
    for key, ids in dictionaries.items():
        lines += [f'[dictionaries."{key}"]', f"values = {json.dumps(ids)}", ""]
    return "\n".join(lines)


def schemathesis(server, document, config, arguments):
    program = shutil.which("schemathesis", path=str(Path(sys.executable).parent)) or "schemathesis"
    command = [program, "--config-file", config, "run", document, "--url", server.url]
    command += ["--phases", "coverage,fuzzing", "--max-examples", str(arguments.examples)]
    command += ["--continue-on-failure", "--generation-database", "none", "--warnings", "off", "--request-timeout", "30"]
    # No text of this API has a NUL, which PostgreSQL cannot keep.
    command += ["--generation-allow-x00", "false"]
    if arguments.only:
        command += ["--include-name-regex", arguments.only]
    if arguments.report:
        command += ["--report", "json", "--report-dir", arguments.report.resolve()]
    return subprocess.run([str(part) for part in command], cwd=document.parent).returncode


if __name__ == "__main__":
    sys.exit(main())
