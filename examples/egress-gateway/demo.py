"""A request that leaves through the egress gateway, followed hop by hop: the last chapter of ``make demo``.

The journey of a request to httpbin.org as it went in a cluster of 2020, the headers that the external service saw then,
and the same four resources broken in four ways, each with the sentence that names the missing piece.
"""

from __future__ import annotations

import json
from pathlib import Path
from textwrap import indent

from meshegress import Request, load
from meshegress.accesslog.identity import B3, DecoratorOperation, NodeId, PeerMetadata

HERE = Path(__file__).parent
WHOLE = [HERE / "gateway.yaml", HERE / "httpbin.yaml"]
ECHOED = HERE / "echoed-headers.json"
REQUEST = Request.from_url("http://httpbin.org/headers", address="203.0.113.7")

BROKEN = (
    ("subset.yaml", "The subset of the first hop has another name"),
    ("selector.yaml", "The Gateway selects Pods of another installation"),
    ("short-name.yaml", "The VirtualService calls the Gateway by a short name"),
    ("private-entry.yaml", "The ServiceEntry is not exported to the gateway's namespace"),
)


def main() -> None:
    """Tell the chapter on standard output."""
    print("5. Everything leaves through the egress gateway: one more proxy, and four resources that must fit.\n")
    whole = load(*WHOLE)
    print(indent(place_names(str(whole.follow(REQUEST))), "   "))
    print("\n   The external service echoed these headers of such a request in 2020; they say who sent it:\n")
    remember()
    for name, title in BROKEN:
        print(f"\n   {title} (broken/{name}):\n")
        broken = whole.with_changes(HERE / "broken" / name)
        print(indent(place_names(str(broken.follow(REQUEST))), "   "))


def remember() -> None:
    """Print what the recorded headers say of the gateway that sent them."""
    headers = {name.lower(): text for name, text in json.loads(ECHOED.read_text(encoding="utf-8"))["headers"].items()}
    metadata = PeerMetadata.decode(headers["x-envoy-peer-metadata"])
    trace = B3.from_headers(headers)
    assert metadata is not None
    assert trace is not None
    print(f"     node       {NodeId.parse(headers['x-envoy-peer-metadata-id'])}")
    print(f"     Pod        {metadata.namespace}/{metadata.name}, workload {metadata.workload}")
    print(f"     account    {metadata.service_account}")
    print(f"     operation  {DecoratorOperation.parse(headers['x-envoy-decorator-operation'])}")
    print(f"     trace      {trace}")


def place_names(text: str) -> str:
    """Return *text* with files named as seen from here."""
    return text.replace(f"{HERE}/", "")


if __name__ == "__main__":
    main()
