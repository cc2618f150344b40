"""The story of an egress policy, told on real resources: run ``make demo``.

Three states of one mesh, a few requests in each, and for every one where it goes, the access-log line that today's
sidecar would write, and why. Then three lines that a sidecar of 2020 wrote about the same story; and at the end what
the change of policy blocks, and whom one careless entry hurts.
"""

from __future__ import annotations

import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from textwrap import indent

from meshegress import Egress, Request, diff_meshes, lint, load
from meshegress.accesslog import AccessLogEntry, AccessLogFormat

HERE = Path(__file__).parent
ALLOW_ANY, REGISTRY_ONLY, ENTRIES = HERE / "allow-any", HERE / "registry-only", HERE / "entries"
RECORDED = HERE / "sidecar-1.5.log"
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)

HTTPBIN = "http://httpbin.org/headers"
BAIDU = "https://www.baidu.com/"

# What the clients' DNS said; a sidecar sees the address before it sees a name.
ADDRESSES = {
    HTTPBIN: "203.0.113.7",
    BAIDU: "14.215.177.39",
    "http://example.com/": "203.0.113.8",
    "https://example.com/": "203.0.113.8",
    "http://httpbin.org:8080/headers": "203.0.113.7",
}

# A chapter: what it says, what is loaded, what is asked.
CHAPTERS = (
    (
        "1. ALLOW_ANY, and nothing is declared: what the sidecar does not know passes through it.",
        (ALLOW_ANY,),
        (HTTPBIN, BAIDU),
    ),
    (
        "2. ALLOW_ANY, and two ServiceEntries are applied: the same requests now have clusters of their own.",
        (ALLOW_ANY, ENTRIES),
        (HTTPBIN, BAIDU),
    ),
    (
        "3. REGISTRY_ONLY: what is declared still works, and the rest is blocked, in two ways. Plaintext HTTP on a\n"
        "   port that has HTTP is answered 502 by the route `block_all`; all else is reset at `BlackHoleCluster`.",
        (REGISTRY_ONLY, ENTRIES),
        (HTTPBIN, BAIDU, "http://example.com/", "https://example.com/", "http://httpbin.org:8080/headers"),
    ),
)

EPILOGUE = """\
   The first line went to PassthroughCluster and yet names the server: listeners of 1.5 looked for a server name
   wherever they looked at the first bytes at all. Today a listener looks for one only if one of its filter chains asks.
   With nothing declared on port 443 there is no such listener, `virtualOutbound` takes the connection unseen, and the
   field is `-`, as in the last line of chapter 1. Declare one HTTPS host on the port, and the log has the names of all
   again, as for `example.com` in chapter 3.
"""


CARELESS = """\
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata:
  name: bing
spec:
  hosts:
  - www.bing.com
  ports:
  - number: 443
    name: tcp
    protocol: TCP
  resolution: DNS
"""


def main() -> None:
    """Tell the story on standard output."""
    for title, paths, urls in CHAPTERS:
        print(f"{title}\n")
        mesh = load(*paths)
        egress = mesh.egress("default")
        print(place_names(f"   mesh configuration of {mesh.resources.mesh_config_source}: {egress.policy}\n"))
        for url in urls:
            tell(egress, url)
    remember()
    compare()


def tell(egress: Egress, url: str) -> None:
    """Print where the request for *url* goes, what is logged, and why."""
    request = Request.from_url(url, address=ADDRESSES[url])
    decision = egress.decide(request)
    entry = AccessLogEntry.from_decision(decision, request, start_time=NOON)
    print(f"   {url}")
    print(f"     goes to  {decision}")
    print(f"     logged   {AccessLogFormat.preset('istio-text').format(entry)}")
    print("     because")
    print(indent(place_names(str(egress.explain(request))), " " * 7))
    print()


def place_names(text: str) -> str:
    """Return *text* with files named as seen from here."""
    return text.replace(f"{HERE}/", "")


def remember() -> None:
    """Print the recorded lines back, byte for byte, and say what has changed since."""
    log_format = AccessLogFormat.preset("istio-1.5-text")
    lines = RECORDED.read_bytes().splitlines(keepends=True)
    entries = [log_format.parse(line.rstrip(b"\n")) for line in lines]
    print("4. A sidecar of Istio 1.5 wrote this in 2020; it is read, and printed back byte for byte.\n")
    for line, entry in zip(lines, entries, strict=True):
        printed = log_format.format_bytes(entry)
        assert printed.rstrip(b"\n") == line.rstrip(b"\n")
        print(f"   {printed.decode().rstrip()}")
    print()
    for entry in entries:
        print(f"     {entry['upstream_cluster']} for the server name {entry['requested_server_name']}")
    print(f"\n{EPILOGUE}", end="")


def compare() -> None:
    """Print what the change of policy does to every request, and whom an entry hurts that is added to the mesh."""
    before, after = load(ALLOW_ANY, ENTRIES), load(REGISTRY_ONLY, ENTRIES)
    print("\n5. From ALLOW_ANY to REGISTRY_ONLY: not for a few requests, but for all that there can be.\n")
    print(indent(place_names(str(diff_meshes(before, after))), " " * 3))
    print("\n   And an entry for port 443 of bytes, without an address, is added to ALLOW_ANY. Its victims:\n")
    for finding in lint(load(ALLOW_ANY, ENTRIES, CARELESS)):
        print(f"   {finding.subject} [{finding.code}]")
        for victim in finding.victims:
            print(f"     {victim}")
        print(f"     cure: {finding.cure}")


if __name__ == "__main__":
    try:
        main()
        sys.stdout.flush()
    except BrokenPipeError:  # the reader has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
