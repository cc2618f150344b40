"""What is wrong with one kind of Istio only, in the words of its webhook."""

from __future__ import annotations

from typing import Any

from meshegress.testing.strategies.mutations import Mutation, of_spec

_PORT = {"number": 80, "name": "http", "protocol": "HTTP"}
_TO = [{"destination": {"host": "a.com"}}]


def _port(code: str, what: str, **port: Any) -> Mutation:
    return of_spec(code, what, ports=[{**_PORT, **port}])


def _http(what: str, code: str = "EG236", **route: Any) -> Mutation:
    return of_spec(code, what, http=[{"route": _TO, **route}])


def _match(what: str, code: str = "EG236", **match: Any) -> Mutation:
    return _http(what, code, match=[match])


def _policy(what: str, code: str = "EG252", **policy: Any) -> Mutation:
    return of_spec(code, what, trafficPolicy=policy)


def _listener(code: str, what: str, **listener: Any) -> Mutation:
    return of_spec(code, what, egress=[{"hosts": ["*/*"], **listener}])


def _server(what: str, code: str = "EG272", **server: Any) -> Mutation:
    return of_spec(code, what, servers=[{"port": _PORT, "hosts": ["*"], **server}])


_SERVICE_ENTRY = (
    of_spec("EG212", "no host", hosts=None),
    of_spec("EG212", "a host that is every name", hosts=["*"]),
    of_spec("EG212", "a host that is not a name", hosts=["a_b.com"]),
    of_spec("EG101", "one host that is not a list", hosts="a.com"),
    of_spec("EG101", "a host that is a number", hosts=[80]),
    _port("EG214", "a port beyond 65535", number=65_536),
    _port("EG214", "a port without a number", number=0),
    _port("EG101", "a port number in words", number="eighty"),
    _port("EG101", "a port number below zero", number=-1),
    _port("EG214", "a port name that is not a label", name="a_b"),
    _port("EG214", "a port without a name", name=""),
    _port("EG214", "a protocol that Istio does not know", protocol="SMTP"),
    _port("EG214", "a target port beyond 65535", targetPort=70_000),
    of_spec("EG214", "one port twice", ports=[_PORT, _PORT]),
    of_spec("EG101", "ports that are not a list", ports={"http": 80}),
    of_spec("EG213", "a CIDR that is too long", addresses=["10.0.0.0/33"]),
    of_spec("EG213", "an address that is a name", addresses=["a.com"]),
    of_spec("EG101", "a resolution that does not exist", resolution="GUESS"),
    of_spec("EG216", "a resolution by a number that means nothing", resolution=17),
    of_spec("EG216", "endpoints that nothing resolves", resolution="NONE", endpoints=[{"address": "10.0.0.9"}]),
    of_spec("EG216", "a name among static endpoints", resolution="STATIC", endpoints=[{"address": "a.com"}]),
    of_spec("EG216", "a wildcard that DNS resolves", resolution="DNS", hosts=["*.a.com"], endpoints=None),
    of_spec("EG216", "a name under DYNAMIC_DNS", resolution="DYNAMIC_DNS", hosts=["a.com"]),
    of_spec("EG101", "a location that does not exist", location="NOWHERE"),
    of_spec(
        "EG217",
        "two hosts that TCP does not tell apart",
        resolution="STATIC",
        hosts=["a.com", "b.com"],
        ports=[{"number": 9000, "name": "tcp", "protocol": "TCP"}],
    ),
    of_spec("EG203", "an export to everybody and one more", exportTo=["*", "shop"]),
    of_spec("EG203", "an export to one twice", exportTo=["shop", "shop"]),
    of_spec("EG203", "an export to what is not a namespace", exportTo=["a_b"]),
    of_spec("EG202", "a selector with a star", workloadSelector={"labels": {"app": "*"}}),
    of_spec("EG101", "a selector that is a list", workloadSelector=["app"]),
    of_spec(
        "EG211",
        "a selector beside endpoints",
        workloadSelector={"labels": {"app": "a"}},
        endpoints=[{"address": "10.0.0.9"}],
    ),
)

_WORKLOAD_ENTRY = (
    of_spec("EG261", "no address", address=None, network=None),
    of_spec("EG261", "an address that is not a name", address="a_b"),
    of_spec("EG261", "a socket without a path", address="unix://a"),
    of_spec("EG261", "a socket with ports", address="unix:///run/a", ports={"http": 80}),
    of_spec("EG261", "a port beyond 65535", ports={"http": 65_536}),
    of_spec("EG261", "a port name that is not a label", ports={"a_b": 80}),
    of_spec("EG261", "a label value that is none", labels={"app": "a b"}),
    of_spec("EG101", "a port number in words", ports={"http": "eighty"}),
    of_spec("EG101", "ports that are a list", ports=[80]),
    of_spec("EG101", "an address that is a number", address=1),
    of_spec("EG101", "a weight below zero", weight=-1),
)

_SIDECAR = (
    Mutation("EG221", "nothing said", {"spec": None}),
    _listener("EG223", "no imported host", hosts=[]),
    _listener("EG223", "an import without a namespace", hosts=["a.com"]),
    _listener("EG223", "an import of a short name", hosts=["*/api"]),
    _listener("EG223", "an import of half a label", hosts=["*/*a.com"]),
    _listener("EG223", "an import from what is not a namespace", hosts=["a_b/*"]),
    of_spec("EG222", "a listener without a port before another", egress=[{"hosts": ["*/*"]}, {"hosts": ["./*"]}]),
    of_spec("EG222", "one port twice", egress=[{"hosts": ["*/*"], "port": _PORT}, {"hosts": ["./*"], "port": _PORT}]),
    _listener("EG222", "a port beyond 65535", port={**_PORT, "number": 65_536}),
    _listener("EG222", "port 0 of an address", port={**_PORT, "number": 0}),
    _listener("EG222", "a protocol that Istio does not know", port={**_PORT, "protocol": "SMTP"}),
    _listener("EG222", "a target port", port={**_PORT, "targetPort": 81}),
    _listener("EG222", "a bind that is a name", port=_PORT, bind="localhost"),
    _listener("EG101", "a port that is a number", port=80),
    _listener("EG101", "a capture mode that does not exist", port=_PORT, captureMode="SOME"),
    _listener("EG101", "one import that is not a list", hosts="*/*"),
    of_spec("EG202", "a selector with a star", workloadSelector={"labels": {"app": "*"}}),
    of_spec("EG224", "an inbound listener without a port", ingress=[{"defaultEndpoint": "127.0.0.1:80"}]),
    of_spec("EG224", "a default endpoint elsewhere", ingress=[{"port": _PORT, "defaultEndpoint": "10.0.0.9:80"}]),
    of_spec("EG225", "an inbound pool that says nothing", inboundConnectionPool={}),
    of_spec("EG101", "a mode that does not exist", outboundTrafficPolicy={"mode": "ALLOW_SOME"}),
    of_spec(
        "EG226",
        "a proxy where nothing leaves",
        outboundTrafficPolicy={"mode": "REGISTRY_ONLY", "egressProxy": {"host": "a.com", "port": {"number": 80}}},
    ),
    of_spec(
        "EG226",
        "a proxy without a port",
        outboundTrafficPolicy={"mode": "ALLOW_ANY", "egressProxy": {"host": "a.com", "port": None}},
    ),
    of_spec(
        "EG226",
        "a proxy that is a wildcard",
        outboundTrafficPolicy={"mode": "ALLOW_ANY", "egressProxy": {"host": "*.a.com", "port": {"number": 80}}},
    ),
)

_VIRTUAL_SERVICE = (
    of_spec("EG234", "the host of everything", hosts=["*"], gateways=["mesh"]),
    of_spec("EG234", "a host that is not a name", hosts=["a_b.com"], gateways=None),
    of_spec("EG234", "two hosts that overlap", hosts=["a.com", "*.com"], gateways=None),
    of_spec("EG101", "one host that is not a list", hosts="a.com"),
    of_spec("EG235", "no route", http=None, tls=None, tcp=None),
    of_spec("EG231", "a delegate with gateways", hosts=[], gateways=["mesh"]),
    of_spec("EG231", "a delegate with TCP routes", hosts=[], tcp=[{"route": _TO}]),
    of_spec("EG232", "a gateway that is not a name", gateways=["a_b/c"]),
    of_spec("EG203", "an export to nobody", exportTo=["~"]),
    _http("a route to nowhere", route=[]),
    _http("a route that is one mapping", "EG101", route=_TO[0]),
    _http("a destination that is every name", route=[{"destination": {"host": "*"}}]),
    _http("a destination without a host", route=[{"destination": {"subset": "v1"}}]),
    _http("a destination that is missing", route=[{"weight": 1}]),
    _http("a destination port beyond 65535", route=[{"destination": {"host": "a.com", "port": {"number": 70_000}}}]),
    _http("a destination port that is a number", "EG101", route=[{"destination": {"host": "a.com", "port": 80}}]),
    _http("a subset that is not a label", route=[{"destination": {"host": "a.com", "subset": "a_b"}}]),
    _http("weights of nothing", route=[*_TO, *_TO]),
    _http("a weight below zero", route=[{**_TO[0], "weight": -1}]),
    _http("a weight that is half", "EG101", route=[{**_TO[0], "weight": 0.5}]),
    _http("a redirect beside a route", redirect={"uri": "/a"}),
    _http("a redirect to the same place", route=[], redirect={"redirectCode": 302}),
    _http("a redirect that is none", route=[], redirect={"uri": "/a", "redirectCode": 200}),
    _http("an answer beside a route", directResponse={"status": 200}),
    _http("an answer of status 100", route=[], directResponse={"status": 100}),
    _http("a status in words", "EG101", route=[], directResponse={"status": "OK"}),
    _http("a delegate beside a route", delegate={"name": "r1"}),
    _http("a fault that does nothing", fault={}),
    _http("a fault of status 100", fault={"abort": {"httpStatus": 100}}),
    _http("a share above 100", fault={"abort": {"httpStatus": 503, "percentage": {"value": 101}}}),
    _http("a share that is a number", "EG101", fault={"abort": {"httpStatus": 503, "percentage": 50}}),
    _http("a rewrite of nothing", rewrite={}),
    _http("a timeout below a millisecond", timeout="1us"),
    _http("a timeout without a unit", "EG101", timeout="5"),
    _http("retries of what does not exist", retries={"attempts": 1, "retryOn": "monday"}),
    _http("a method that does not exist", corsPolicy={"allowMethods": ["get"]}),
    _http("a mirror above 100", mirror={"host": "a.com"}, mirrorPercentage={"value": 101}),
    _http("a header of HTTP/2 set", headers={"request": {"set": {":path": "/"}}}),
    _match("a pattern that RE2 does not read", uri={"regex": "("}),
    _match("an empty pattern", method={"regex": ""}),
    _match("an empty prefix", authority={"prefix": ""}),
    _match("a header that is not a token", headers={"a b": {"exact": "c"}}),
    _match("a port beyond 65535", port=65_536),
    _match("a sender that is not a namespace", sourceNamespace="a_b"),
    _match("a label value that is none", sourceLabels={"app": "a b"}),
    _match("a path that is a text", "EG101", uri="/a"),
    _match("headers that are a list", "EG101", headers=["a"]),
    of_spec(
        "EG233",
        "a claim of a token in the mesh",
        gateways=None,
        http=[{"match": [{"headers": {"@request.auth.claims.sub": {"exact": "a"}}}], "route": _TO}],
    ),
    of_spec("EG237", "a TLS route that matches nothing", tls=[{"route": _TO}]),
    of_spec("EG237", "a TLS match without names", tls=[{"match": [{"port": 443}], "route": _TO}]),
    of_spec("EG237", "a server name of no host", tls=[{"match": [{"sniHosts": ["z.net"]}], "route": _TO}]),
    of_spec("EG238", "a TCP route to nowhere", tcp=[{"match": [{"port": 80}]}]),
    of_spec("EG238", "a subnet that is too long", tcp=[{"match": [{"destinationSubnets": ["::/129"]}], "route": _TO}]),
)

_DESTINATION_RULE = (
    of_spec("EG251", "no host", host=None),
    of_spec("EG251", "a host that is not a name", host="a_b"),
    of_spec("EG101", "a host that is a list", host=["a.com"]),
    of_spec("EG253", "one subset twice", subsets=[{"name": "v1"}, {"name": "v1"}]),
    of_spec("EG253", "a subset without a name", subsets=[{"labels": {"version": "v1"}}]),
    of_spec("EG253", "a label value that is none", subsets=[{"name": "v1", "labels": {"version": "a b"}}]),
    of_spec("EG253", "a subset's policy of nothing", subsets=[{"name": "v1", "trafficPolicy": {}}]),
    of_spec("EG101", "a label that is a number", subsets=[{"name": "v1", "labels": {"version": 1}}]),
    of_spec("EG203", "an export to what is not a namespace", exportTo=["a_b"]),
    of_spec("EG203", "a selecting rule for others", workloadSelector={"matchLabels": {"app": "a"}}, exportTo=["*"]),
    of_spec("EG202", "a selector with a star", workloadSelector={"matchLabels": {"app": "*"}}),
    of_spec("EG252", "a policy of nothing", trafficPolicy={}),
    _policy("a balancer that does not exist", "EG101", loadBalancer={"simple": "GUESS"}),
    _policy("a pool that says nothing", connectionPool={}),
    _policy("a limit below zero", connectionPool={"tcp": {"maxConnections": -1}}),
    _policy("a limit in words", "EG101", connectionPool={"tcp": {"maxConnections": "many"}}),
    _policy("a share above 100", outlierDetection={"maxEjectionPercent": 101}),
    _policy("mutual TLS without a certificate", tls={"mode": "MUTUAL"}),
    _policy("a mode of TLS that does not exist", "EG101", tls={"mode": "SOME"}),
    _policy("a port's policy without a port", portLevelSettings=[{"tls": {"mode": "DISABLE"}}]),
    _policy("a tunnel to nowhere", tunnel={"protocol": "CONNECT", "targetHost": "a.com"}),
    _policy("a table whose size is not a prime", loadBalancer={"consistentHash": {"maglev": {"tableSize": 4}}}),
)

_GATEWAY = (
    of_spec("EG272", "no server", servers=None),
    of_spec("EG101", "servers that are not a list", servers={}),
    Mutation("EG271", "a name with a dot", {"metadata": {"name": "a.b"}}),
    _server("a server without a port", port=None),
    _server("a port beyond 65535", port={**_PORT, "number": 65_536}),
    _server("a port without a name", port={**_PORT, "name": ""}),
    _server("a protocol that Istio does not know", port={**_PORT, "protocol": "SMTP"}),
    _server("a port number in words", "EG101", port={**_PORT, "number": "eighty"}),
    _server("a server without a host", hosts=[]),
    _server("a short host", hosts=["api"]),
    _server("a bind that is a name", bind="localhost"),
    _server("HTTPS without TLS settings", port={**_PORT, "protocol": "HTTPS"}),
    _server("TLS settings of plain HTTP", tls={"mode": "SIMPLE", "credentialName": "a"}),
    _server("no certificate", port={**_PORT, "protocol": "HTTPS"}, tls={"mode": "SIMPLE"}),
    _server("a mode of TLS that does not exist", "EG101", tls={"mode": "SOME"}),
    of_spec(
        "EG273",
        "one name of two ports",
        servers=[{"port": {**_PORT, "number": number}, "hosts": ["*"]} for number in (80, 81)],
    ),
)

ISTIO_MUTATIONS: dict[str, tuple[Mutation, ...]] = {
    "ServiceEntry": _SERVICE_ENTRY,
    "WorkloadEntry": _WORKLOAD_ENTRY,
    "Sidecar": _SIDECAR,
    "VirtualService": _VIRTUAL_SERVICE,
    "DestinationRule": _DESTINATION_RULE,
    "Gateway": _GATEWAY,
}
