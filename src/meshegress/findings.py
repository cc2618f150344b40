"""What is found in resources: a code, a place, a sentence and a cure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum


class Severity(Enum):
    """How much a finding matters: an error makes a resource unusable, the others do not."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


@dataclass(frozen=True, slots=True, order=True)
class Source:
    """A place in what was loaded: file (or a word for it, such as ``<text>``), line and column from 1.

    >>> str(Source("mesh.yaml", 14, 7))
    'mesh.yaml:14:7'
    >>> str(Source("mesh.yaml"))
    'mesh.yaml'
    """

    file: str = "<python>"
    line: int | None = None
    column: int | None = None

    def __str__(self) -> str:
        return ":".join(str(part) for part in (self.file, self.line, self.column) if part is not None)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to tell the user: *code*, *where*, the sentence, what it is about, and the cure.

    *subject* names the resource, for example ``ServiceEntry `shop/payments```; *field* the place inside it, for
    example ``spec.hosts[0]``. Either may be empty.

    >>> print(Finding("EG101", Source("m.yaml", 3, 1), "host `*` covers every name", subject="ServiceEntry `a/b`",
    ...               field="spec.hosts[0]", help="name a domain"))
    m.yaml:3:1: ServiceEntry `a/b`: spec.hosts[0]: host `*` covers every name [EG101]
      help: name a domain
    """

    code: str
    where: Source
    message: str
    severity: Severity = Severity.ERROR
    subject: str = ""
    field: str = ""
    help: str = ""

    def __str__(self) -> str:
        line = self.line()
        return f"{line}\n  help: {self.cure}" if self.cure else line

    def line(self) -> str:
        """Return the finding in one line, without its cure.

        >>> Finding("EG005", Source("m.yaml"), "a template").line()
        'm.yaml: a template [EG005]'
        """
        parts = [str(self.where), self.subject, self.field, f"{self.message} [{self.code}]"]
        if self.severity is not Severity.ERROR:
            parts.insert(1, self.severity.value)
        return ": ".join(part for part in parts if part)

    @property
    def cure(self) -> str:
        """What to do about it: ``help``, or what helps with every finding of this code.

        >>> Finding("EG005", Source("m.yaml"), "a template").cure
        'render the template first'
        """
        return self.help or CURES.get(self.code, "")


def render(findings: Iterable[Finding]) -> str:
    """Return *findings* as text, a finding after the other."""
    return "\n".join(str(finding) for finding in findings)


CODES: dict[str, str] = {
    "EG001": "the source cannot be opened, or is nothing that can be loaded",
    "EG002": "there is more text than the limit",
    "EG003": "the bytes are neither UTF-8 nor UTF-16",
    "EG004": "the text is not YAML, or nested, aliased or repeated beyond what is read",
    "EG005": "a template, which is left out until it is rendered",
    "EG006": "a document that SOPS has encrypted, which is left out",
    "EG007": "a message of a command where its output should be",
    "EG008": "a text that ends in the middle of a document",
    "EG009": "a line of recorded answers is none",
    "EG010": "a folder that is not entered",
    "EG101": "a value has the wrong shape",
    "EG102": "a document is not a mapping",
    "EG103": "the kind or the apiVersion is missing, or is not one of this kind",
    "EG104": "an object replaces an earlier one of the same name, which says something else",
    "EG105": "several mesh configurations, or none of the revision that was asked for",
    "EG106": "the mesh configuration holds what this release of Istio refuses",
    "EG107": "a kustomization or a patch of one, which is left out until it is built",
    "EG108": "an object without a name",
    "EG109": "a namespace of which nothing is known, although Namespaces were given",
    "EG110": "a flag of istiod that is not followed, or stands where it does nothing",
    "EG111": "an annotation of a Pod that the injector refuses",
    "EG112": "an address in the status of a ServiceEntry that is another host's",
    "EG201": "annotations that Istio keeps for itself",
    "EG202": "workloadSelector",
    "EG203": "exportTo",
    "EG204": "a field beside `spec` that no object has, or `spec` in the wrong place",
    "EG211": "ServiceEntry: a workloadSelector beside endpoints",
    "EG212": "ServiceEntry: hosts",
    "EG213": "ServiceEntry: addresses",
    "EG214": "ServiceEntry: ports",
    "EG215": "ServiceEntry: a TCP port without an address",
    "EG216": "ServiceEntry: what the resolution asks of hosts and endpoints",
    "EG217": "ServiceEntry: several hosts that nothing tells apart",
    "EG218": "ServiceEntry: a resolution that this release of Istio does not have",
    "EG221": "Sidecar: it says nothing",
    "EG222": "Sidecar: ports and binds of egress listeners",
    "EG223": "Sidecar: imported hosts",
    "EG224": "Sidecar: ingress listeners",
    "EG225": "Sidecar: the inbound connection pool",
    "EG226": "Sidecar: outboundTrafficPolicy",
    "EG231": "VirtualService: a delegate with more than HTTP routes",
    "EG232": "VirtualService: names of Gateways",
    "EG233": "VirtualService: claims of a JWT outside of gateways",
    "EG234": "VirtualService: hosts",
    "EG235": "VirtualService: there is no route",
    "EG236": "VirtualService: HTTP routes",
    "EG237": "VirtualService: TLS routes",
    "EG238": "VirtualService: TCP routes",
    "EG239": "VirtualService: what no request can reach",
    "EG251": "DestinationRule: the host",
    "EG252": "DestinationRule: the traffic policy",
    "EG253": "DestinationRule: subsets",
    "EG261": "WorkloadEntry: address, ports and labels",
    "EG271": "Gateway: its name",
    "EG272": "Gateway: servers",
    "EG273": "Gateway: names of ports, redirects",
    "EG281": "API server: names, enums and numbers as the schema writes them",
    "EG282": "API server: limits of hosts and addresses",
    "EG283": "API server: ports",
    "EG284": "API server: endpoints",
    "EG285": "API server: labels of a workloadSelector",
    "EG301": "a kind that is not modelled",
    "EG302": "a field that is not modelled",
    "EG303": "a field that does not exist",
    "EG304": "a field that a later one excludes",
    "EG401": "an entry takes traffic that it does not declare",
    "EG402": "a resource that changes nothing for anybody",
    "EG403": "requests that end in a cluster that does not exist, or is empty",
    "EG404": "entries of one host that do not merge",
    "EG405": "one host, declared twice for the same client",
    "EG406": "hosts that overlap: one takes names from another",
    "EG407": "a port that is declared to speak what its clients do not",
    "EG408": "a listener that waits where the server speaks first",
    "EG409": "what Envoy refuses to load, and what fails with it",
    "EG410": "an answer that depends on ages that are not known",
    "EG411": "what is imported, exported or ruled does not exist",
    "EG412": "a Sidecar's outboundTrafficPolicy",
    "EG413": "wider or narrower than one may expect",
    "EG414": "a part of a resource that changes nothing",
    "EG415": "an entry that was not examined",
    "EG421": "a finding that is ignored without a reason",
    "EG422": "a finding that is ignored and not there",
    "EG501": "requests that are led over a gateway end on the way",
    "EG502": "requests that should go over a gateway pass it by",
    "EG503": "a credentialName that sidecars ignore",
    "EG504": "a private DestinationRule that another one swallows",
    "EG505": "TLS that is originated, and will hardly be taken",
    "EG506": "hosts of a server that make istiod panic",
    "EG601": "the endpoints of Services, or the workloads of entries, were not given",
    "EG602": "the Pods behind Services were not given, and subsets ask for their labels",
    "EG603": "no Service was given of a namespace that a route leads to",
    "EG604": "no mesh configuration was given",
    "EG605": "some resources bear no creationTimestamp, and others do",
}
"""What each code is about: EG0 texts, EG1 objects, EG2 Istio's validation, EG3 what is not modelled, EG4 what resources
do to each other, EG5 journeys, EG6 what was not given."""

CURES: dict[str, str] = {
    "EG001": "give a file, a folder, `-`, text, a mapping or a model",
    "EG002": "load less at once, or raise the limit",
    "EG003": "save the file as UTF-8",
    "EG004": "correct the text there; a YAML linter shows what it was read as",
    "EG005": "render the template first",
    "EG006": "decrypt it first",
    "EG007": "run the command alone, and see what it says",
    "EG008": "run the command again, to its end",
    "EG009": "give a file of recorded answers, one JSON object a line",
    "EG010": "name it to read it",
    "EG101": "write the value as Istio's API has it",
    "EG102": "begin each resource with `apiVersion`, `kind` and `metadata`",
    "EG103": "write the apiVersion and kind of Istio's or Kubernetes' API",
    "EG104": "keep one of them, or name one environment",
    "EG105": "name a revision, or the file of the mesh configuration",
    "EG106": "write what this release takes, or choose a newer one",
    "EG107": "build it first, with `kubectl kustomize`",
    "EG108": "give it a name",
    "EG109": "correct the name, or give its Namespace too",
    "EG110": "keep in mind what the flag changes, or set it where istiod reads it",
    "EG111": "see Istio's list of annotations for what may stand there",
    "EG112": "remove it from the status: istiod writes its own",
    "EG201": "remove the annotation",
    "EG202": "name each label in full, without `*`",
    "EG203": "list namespaces once each, or `.`, or `*` alone",
    "EG204": "move it into `spec`, or remove it",
    "EG211": "keep the selector or the endpoints",
    "EG212": "write each host as DNS labels, the first of which may be `*`",
    "EG213": "write an IP address, or a CIDR with resolution NONE or STATIC",
    "EG214": "give each port a number from 1 to 65535, a name of its own, and a protocol that Istio knows or none",
    "EG215": "give the entry addresses, or accept that it takes the whole port",
    "EG216": "choose the resolution that fits the hosts and endpoints",
    "EG217": "make one entry of each host, or use a protocol that carries a name",
    "EG218": "choose a resolution of this release",
    "EG221": "say something, or remove it",
    "EG222": "put the listener without a port last, and number each port once",
    "EG223": "write each host as `namespace/name`, the name in full, as `*` or as `*.name`",
    "EG224": "give each inbound listener a port of its own, and what its protocol takes",
    "EG225": "write limits above zero, and durations of a millisecond or more",
    "EG226": "use ALLOW_ANY or REGISTRY_ONLY, and an egressProxy only with ALLOW_ANY",
    "EG231": "leave a delegate its HTTP routes alone",
    "EG232": "name each Gateway as `name` or `namespace/name`",
    "EG233": "bind the VirtualService to gateways only, or match on something else",
    "EG234": "let each name belong to one host of the list",
    "EG235": "write `http`, `tls` or `tcp`",
    "EG236": "give each route one of `route`, `redirect` and `directResponse`, and matches that RE2 reads",
    "EG237": "give each match `sniHosts` that lie under a host, and each route a destination",
    "EG238": "give each route a destination, and write subnets as CIDRs",
    "EG239": "put the narrower match first, or remove what is never reached",
    "EG251": "name a service or a wildcard",
    "EG252": "write a policy with settings, each in the range that Istio takes",
    "EG253": "give each subset a name of its own",
    "EG261": "give an address, and ports and labels that Kubernetes would take",
    "EG271": "give it a name that is a DNS label",
    "EG272": "give each server a port, hosts, and the TLS settings that its protocol takes",
    "EG273": "name each port once, and redirect only where there is HTTP",
    "EG281": "write it as the schema of the API server has it",
    "EG282": "split the entry",
    "EG283": "give each port its number and name, and a targetPort from 1 to 65535 or none",
    "EG284": "write endpoints as the schema of the API server takes them, or leave them out",
    "EG285": "name fewer labels, in full",
    "EG301": "ask about workloads that it does not reach, or keep in mind that it is left out",
    "EG302": "keep in mind that the field is left out",
    "EG303": "correct the spelling, or remove the field",
    "EG304": "remove one of the two",
    "EG401": "give the entry addresses, or declare the port as TLS or HTTP, so that it is told apart by name",
    "EG402": "remove it, or make it visible where it is meant",
    "EG403": "declare the missing host, port or subset, or send elsewhere",
    "EG404": "make resolution and location of the entries equal, or write one entry with all ports",
    "EG405": "keep one of them, or export each to its own namespace alone",
    "EG406": "keep it if that is meant, or give both the same routes",
    "EG407": "declare the protocol that clients speak: TLS where they encrypt, HTTP where a rule encrypts for them",
    "EG408": "declare the port as TCP, or give its hosts addresses of their own",
    "EG409": "write what Envoy takes",
    "EG410": "keep the creationTimestamp, or keep only one of the resources",
    "EG411": "correct the name, or remove it",
    "EG412": "write the mode",
    "EG413": "name what is meant",
    "EG414": "remove it, or put it before what takes its requests",
    "EG415": "check fewer resources at once",
    "EG421": "add `because` and the reason",
    "EG422": "remove it",
    "EG501": "add the piece that the sentence names; `meshegress follow` shows the journey",
    "EG502": "list `mesh` among the gateways, and export VirtualService and ServiceEntry to those who send",
    "EG503": "give the rule a workloadSelector, or name files, or leave TLS to a gateway",
    "EG504": "export the general rule to more than its own namespace, or merge the two",
    "EG505": "let one side originate TLS: the application, or the rule for the port that it speaks HTTP to",
    "EG506": "keep `*/*` alone in its list",
    "EG601": "export EndpointSlices, WorkloadEntries and Pods too",
    "EG602": "export Pods too",
    "EG603": "export Services too",
    "EG604": "export the ConfigMap `istio` too, or name its file",
    "EG605": "export resources as the cluster has them",
}
"""What helps with every finding of a code; a finding may know better."""
