"""The mesh: what was loaded, ready to be asked for one workload.

>>> mesh = Mesh()
>>> print(mesh.egress("shop").decide("https://www.baidu.com/"))
PassthroughCluster
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import cached_property, partial
from typing import Any

from meshegress.compiler.model.orders import NATURAL, TieOrder
from meshegress.compiler.pipeline import Registry
from meshegress.compiler.pipeline.gateways import gateway_orders
from meshegress.compiler.workload_tables import WorkloadTables
from meshegress.egress import Egress
from meshegress.findings import Finding
from meshegress.gateway import CarefulGateway, EgressGateway
from meshegress.gateway.workloads import gateway_workload
from meshegress.journey import Journey
from meshegress.journey.kept import KeptJourneys
from meshegress.journey.lints import distinct, gateway_findings
from meshegress.loading import DEFAULT_NAMESPACE, ResourceSet, named
from meshegress.loading import check as check_resources
from meshegress.loading import load as load_resources
from meshegress.loading.ages import Instant, seconds_of
from meshegress.loading.gc_pause import gc_paused
from meshegress.mesh.compiled import CompiledMesh
from meshegress.mesh.workloads import Senders, workload_of
from meshegress.profiles import DEFAULT_RELEASE, profile
from meshegress.request import Request, Workload
from meshegress.resources import MeshConfig
from meshegress.sources import Loadable
from meshegress.uncertainty.careful import CarefulDecider
from meshegress.uncertainty.limits import Limits
from meshegress.uncertainty.refused import RefusedObjects
from meshegress.uncertainty.variants import Variant, find_variants


class Mesh:
    """Resources of one mesh under one Istio release; it never changes, and threads may share it.

    *resources* are models, texts, paths or mappings, one or many, or a ready ResourceSet. *mesh_config* replaces what
    they say of the mesh, and *policy*, such as ``REGISTRY_ONLY``, its outboundTrafficPolicy alone. *istio* is the
    release whose rules hold. With *complete* what is not given does not exist; otherwise it is not known. A copy, and
    one that was pickled, has the resources and makes its tables anew.

    Raises ResourceError, with every finding, where a resource is not usable, and ValueError for a release that is not
    recorded.

    >>> Mesh(policy="REGISTRY_ONLY")
    Mesh(istio='1.30', policy='REGISTRY_ONLY')
    """

    def __init__(
        self,
        resources: Loadable | Iterable[Any] | ResourceSet = (),
        *,
        mesh_config: MeshConfig | Mapping[str, Any] | None = None,
        istio: str = DEFAULT_RELEASE,
        complete: bool = False,
        policy: str | None = None,
    ) -> None:
        self._profile = profile(istio)
        loaded = resources if isinstance(resources, ResourceSet) else load_resources(resources, istio=istio)
        if complete:
            loaded = replace(loaded, is_complete=True, is_laid_over=False)
        if mesh_config is not None:
            loaded = loaded.with_mesh_config(load_resources(mesh_config=mesh_config, istio=istio).mesh_config)
        if policy is not None:
            config = {**loaded.mesh_config.as_wire(), "outboundTrafficPolicy": {"mode": policy}}
            loaded = loaded.with_mesh_config(load_resources(mesh_config=config, istio=istio).mesh_config)
        self._resources = loaded
        self._meshes: dict[Variant, Mesh] = {}
        self._compiled = CompiledMesh(loaded, self._profile)

    def __repr__(self) -> str:
        counted = Counter(one.kind for one in self._resources.each())
        kinds = "".join(f", {count:,} {kind}" for kind, count in counted.items())
        policy = self._resources.mesh_config.outbound_traffic_policy
        return f"Mesh(istio={self.istio!r}, policy={policy.mode.value!r}{kinds})"

    def __reduce__(self) -> tuple[Any, ...]:
        return _mesh_of, (self._resources, self.istio)

    def __deepcopy__(self, memo: object) -> Mesh:
        return _mesh_of(self._resources, self.istio)

    @property
    def istio(self) -> str:
        """The Istio release whose rules hold."""
        return self._profile.release

    @property
    def resources(self) -> ResourceSet:
        """What was loaded."""
        return self._resources

    def egress(
        self,
        workload: Workload | str = DEFAULT_NAMESPACE,
        *,
        labels: Mapping[str, str] | None = None,
        addresses: Iterable[str] | None = None,
        metadata: Mapping[str, str] | None = None,
        dns_domain: str = "",
    ) -> Egress:
        """Return the table of one workload; workloads with the same effective configuration share one.

        *workload* is a Workload, or its namespace, or namespace and name of a workload that was loaded, such as
        ``shop/cart``. What is given beside it goes before what it says.

        Raises WorkloadError where no workload has that name, and TypeError where a value is of the wrong type.
        """
        if isinstance(workload, str):
            workload = self.workload(workload) if "/" in workload else Workload(workload)
        elif not isinstance(workload, Workload):
            raise TypeError(f"expected a Workload or a namespace, not {type(workload).__name__}")
        given = {"labels": labels, "addresses": addresses, "metadata": metadata, "dns_domain": dns_domain or None}
        told: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
        workload = replace(workload, **told) if told else workload
        tables = self.tables_of(workload)
        return Egress(workload, tables, self._careful(workload, tables), remake=_egress_of)

    def _careful(self, workload: Workload, tables: WorkloadTables) -> CarefulDecider:
        """Return who decides for *workload* where its *tables* alone cannot."""
        variants = [(one, partial(self._careful_in, workload, one)) for one in self._variants]
        tables_in = partial(self.tables_of, workload)
        refused = RefusedObjects(self._resources, workload)
        return CarefulDecider(
            workload, tables, tables_in=tables_in, limits=self._limits, refused=refused, variants=variants
        )

    def _careful_in(self, workload: Workload, variant: Variant) -> CarefulDecider:
        """Return who decides for *workload* in *variant*, which is compiled here if it was not yet."""
        mesh = self._meshes.get(variant)
        if mesh is None:
            mesh = self._meshes.setdefault(variant, Mesh(variant.resources, istio=self.istio))
        return mesh._careful(workload, mesh.tables_of(workload))

    @cached_property
    def _variants(self) -> tuple[Variant, ...]:
        """The worlds that the resources leave possible beside this one."""
        return find_variants(self._resources, self.registry())

    def gateway(
        self,
        workload: Workload | str,
        *,
        labels: Mapping[str, str] | None = None,
        addresses: Iterable[str] | None = None,
        metadata: Mapping[str, str] | None = None,
    ) -> EgressGateway:
        """Return the table of one gateway proxy.

        *workload* is a Workload, or ``NAMESPACE/NAME`` of its Service or Pod, from which labels and addresses come;
        what is given beside it goes before.
        """
        if isinstance(workload, str):
            found = gateway_workload(workload, self._resources)
            own = found.addresses if addresses is None else tuple(addresses)
            told = found.labels if labels is None else labels
            workload = Workload(found.namespace, labels=told, addresses=own, metadata=metadata or {})
        careful = CarefulGateway(
            workload,
            view_in=partial(self._compiled.gateway_view, workload),
            orders=gateway_orders(self.registry()),
            limits=self._limits,
        )
        return EgressGateway(careful)

    def follow(
        self,
        request: Request | str,
        workload: Workload | str = DEFAULT_NAMESPACE,
        *,
        gateways: Mapping[str, Workload] | None = None,
    ) -> Journey:
        """Return the journey of *request*: the sidecar's decision, what it sends, and what a gateway does with it.

        *gateways* are the gateway proxies by name; without them the Pods that the mesh's Gateways select.

        >>> print(Mesh().follow("http://a.com/").sent[0].address)
        192.0.2.1
        """
        return self._journeys.follow(request, workload, gateways)

    @cached_property
    def _journeys(self) -> KeptJourneys:
        return KeptJourneys(self)

    def gateway_findings(self) -> tuple[Finding, ...]:
        """Return what only journeys show: requests that end on the way, pass a gateway by, or trouble the destination.

        Each bears its evidence, the request that was followed and where it ended.

        >>> Mesh().gateway_findings()
        ()
        """
        return distinct(gateway_findings(self._resources, self.follow))

    def workload(self, name: str) -> Workload:
        """Return the workload *name*, such as ``shop/cart``: a Pod, or what the template of a controller makes.

        Its labels, addresses, node, service account and annotations are as they were loaded; a template has no address.

        Raises WorkloadError where none has that name.

        >>> pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "cart", "namespace": "shop"}}
        >>> Mesh([pod]).workload("shop/cart").namespace
        'shop'
        """
        mode = self.registry().common_metadata.get("INTERCEPTION_MODE", "")
        return workload_of(self._senders.find(name), self._resources, self.registry().proxy_configs, mode)

    @cached_property
    def _senders(self) -> Senders:
        return Senders(self._resources)

    def resolve(self, host: str, workload: Workload | str = DEFAULT_NAMESPACE) -> tuple[str, ...]:
        """Return the addresses that the sidecar's DNS proxy answers *workload* for *host*; none where it passes on.

        >>> Mesh().resolve("www.baidu.com")
        ()
        """
        return self.egress(workload).resolve(host)

    def with_changes(
        self,
        added: Loadable | Iterable[Any] = (),
        removed: Loadable | Iterable[Any] = (),
        *,
        namespace: str = DEFAULT_NAMESPACE,
        now: Instant | None = None,
    ) -> Mesh:
        """Return the mesh with *added* in the place of what bears the same kind, namespace and name, without *removed*.

        Both are whatever :func:`load` takes, one or many; of what is *removed* only kind, namespace and name are read,
        and ``("ServiceEntry", "shop", "payments")`` says the same. Objects without a namespace are in *namespace*.
        What takes the place of an object keeps its age, as in the cluster. What is new and has none is created *now*
        (seconds since 1970, or a datetime); else it counts as the newest where others have an age.
        This mesh and its tables stay as they are, so that their readers never wait; put the new one in its place when
        it is there.
        Where ServiceEntries change that nothing else has to do with, its tables are there at once, and share with those
        of this mesh all that did not change; after any other change they are compiled when they are asked for.

        Raises ResourceError, with every finding, where something that is added is not usable, or removed not readable.

        >>> entry = {"apiVersion": "networking.istio.io/v1", "kind": "ServiceEntry", "metadata": {"name": "a"}}
        >>> port = {"number": 443, "name": "tls", "protocol": "TLS"}
        >>> spec = {"hosts": ["a.com"], "ports": [port], "resolution": "DNS"}
        >>> mesh = Mesh().with_changes([{**entry, "spec": spec}])
        >>> print(mesh.egress().decide("https://a.com/"), mesh.with_changes(removed=[entry]).egress().decide("https://a.com/"))
        outbound|443||a.com PassthroughCluster
        """
        fresh = load_resources(added, istio=self.istio, namespace=namespace)
        return self._changed(fresh, named(removed, istio=self.istio, namespace=namespace), now)

    def check_changes(
        self,
        added: Loadable | Iterable[Any] = (),
        removed: Loadable | Iterable[Any] = (),
        *,
        namespace: str = DEFAULT_NAMESPACE,
        now: Instant | None = None,
        validation: str = "webhook",
    ) -> tuple[Mesh, tuple[Finding, ...]]:
        """Return what :meth:`with_changes` does with what is usable of *added*, and every finding about it.

        >>> entry = {"apiVersion": "networking.istio.io/v1", "kind": "ServiceEntry", "metadata": {"name": "a"}}
        >>> _, findings = Mesh().check_changes([{**entry, "spec": {"hosts": []}}])
        >>> [finding.line() for finding in findings]
        ['<mapping>: ServiceEntry `default/a`: spec.hosts: the entry has no host [EG212]']
        """
        fresh, findings = check_resources(added, istio=self.istio, namespace=namespace, validation=validation)
        leaving = named(removed, istio=self.istio, namespace=namespace)
        return self._changed(fresh, leaving, now), findings

    def _changed(self, fresh: ResourceSet, leaving: ResourceSet, now: Instant | None) -> Mesh:
        with gc_paused():
            at = None if now is None else seconds_of(now)
            resources, gone, come = self._resources.with_changes(fresh, leaving, at)
            mesh = Mesh(resources, istio=self.istio)
            if fresh.mesh_config_source is None:
                mesh.compiled.take_over(self._compiled, gone, come)
        return mesh

    @property
    def compiled(self) -> CompiledMesh:
        """The tables that were made so far."""
        return self._compiled

    def registry(self, order: TieOrder = NATURAL) -> Registry:
        """Return what all workloads share, under one *order* of tied resources."""
        return self._compiled.registry(order)

    def tables_of(self, workload: Workload, order: TieOrder = NATURAL) -> WorkloadTables:
        """Return the tables of *workload* under one *order* of tied resources."""
        return self._compiled.tables_of(workload, order)

    @cached_property
    def _limits(self) -> Limits:
        return Limits(self._resources)


def _mesh_of(resources: ResourceSet, istio: str) -> Mesh:
    return Mesh(resources, istio=istio)


def _egress_of(resources: ResourceSet, istio: str, workload: Workload) -> Egress:
    return Mesh(resources, istio=istio).egress(workload)
