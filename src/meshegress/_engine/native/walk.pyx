# cython: language_level=3, binding=False, embedsignature=True, embedsignature.format=clinic
# cython: boundscheck=False, wraparound=False, initializedcheck=False, freethreading_compatible=True
"""The walk at speed: the native twin of ``reference/walk.py``, which says what it is.

The table is flattened into the arrays of ``walk.h``; a request packs what is seen of it into one C struct when it is
made. So deciding is a few look-ups without Python, and a decision that was made before is handed out as it is. Whatever
takes Python to judge (a header, a regular expression, ALPN that chains ask for, a choice between several answers) goes
to the readable walk: there is one reading of every rule. Arrays of a node are kept for the next table that holds it.
"""

cimport cython
from cpython.pycapsule cimport PyCapsule_New
from cpython.mem cimport PyMem_Calloc, PyMem_Free
from libc.stdint cimport int32_t, int64_t, uint8_t, uint16_t, uint32_t, uint64_t

from meshegress._fastmatch cimport (
    READABLE, DomainTable, PrefixTable, ServerNameTable, ip_number, name_table, parse_address, prefix_table,
)

from meshegress._engine.reference import walk as reference
from meshegress._engine.conditions import fold
from meshegress._engine.layout import NO_MATCH
from meshegress.wire.paths import PathNormalization


cdef extern from "Python.h":
    bint is_ascii "PyUnicode_IS_COMPACT_ASCII"(object text)
    const uint8_t *ascii_text "(const uint8_t *)PyUnicode_DATA"(object text)
    Py_ssize_t text_length "PyUnicode_GET_LENGTH"(object text)
    const uint8_t *bytes_text "(const uint8_t *)PyBytes_AS_STRING"(object data)
    Py_ssize_t bytes_length "PyBytes_GET_SIZE"(object data)

cdef extern from "text.h" nogil:
    ctypedef struct text_span:
        const uint8_t *text
        size_t length
        size_t readable

cdef extern from "pages.h" nogil:
    void *pages_allocate(size_t size)
    void pages_free(void *pages)


cdef extern from "routes.h" nogil:
    enum:
        NEEDS_PYTHON
    ctypedef struct route_row:
        const uint8_t *path
        uint32_t length
        int32_t leaf
        uint8_t kind, ignores_case, asks
    ctypedef struct route_list:
        const route_row *rows
        size_t count


cdef extern from "walk.h" nogil:
    enum:
        WALK_NONE
        SEES_TLS
    ctypedef struct walk_view:
        ip_number address
        text_span server_name
        text_span authority
        text_span target
        uint16_t port
        uint8_t version, tls, http, codec_error, request_error, variant, is_http_10, is_connect, asks
    ctypedef struct walk_apps:
        int32_t by_http[4]
        int32_t other
        uint8_t has_alpn
    ctypedef struct walk_transport:
        int32_t plain, tls, other
    ctypedef struct walk_names:
        const name_table *names
        int32_t first_row, unnamed
    ctypedef struct walk_prefixes:
        const prefix_table *prefixes
        int32_t first_row, unprefixed
    ctypedef struct walk_port:
        int32_t port, level
    ctypedef struct walk_tree:
        walk_port *ports
        walk_prefixes *prefixes
        walk_names *names
        walk_transport *transports
        walk_apps *apps
        int32_t *tls_chains
        int32_t port_count, any_port, default_chain
        uint8_t inspects_tls, inspects_http, waits, is_reserved, is_zero_prefix
    ctypedef struct walk_routes:
        const name_table *domains
        const int32_t *answers
        const int32_t *misses
        const route_list *conditional
    ctypedef struct walk_listener:
        const walk_tree *tree
        int64_t leaf
        int32_t first_chain, sole_chain
    ctypedef struct walk_chain:
        const walk_routes *routes
        int64_t leaf
        uint8_t accepts_http_10, merges_slashes
    ctypedef struct walk_slot:
        ip_number address
        uint32_t key
        int32_t listener
        int64_t leaf
    ctypedef struct walk_program:
        walk_slot *slots
        uint64_t mask
        const walk_listener *listeners
        const walk_chain *chains
        const uint8_t *addressed
        int64_t leaves
        int32_t catch_all
        uint8_t looks_first, waits_first
    uint32_t slot_key(uint16_t port, unsigned version, bint is_wildcard)
    int32_t sole_chain(const walk_tree *tree)
    walk_slot *find_slot(const walk_program *program, ip_number address, uint32_t key)
    int64_t walk(const walk_program *program, const walk_view *view)
    int64_t leaf_of_all(const walk_program *program, ip_number address, uint16_t port, unsigned version, int32_t listener)


_MERGING = (PathNormalization.MERGE_SLASHES, PathNormalization.DECODE_AND_MERGE_SLASHES)


cdef class PackedRequest:
    """The part of a request that the walk reads, packed once; see ``reference.walk.PackedRequest``."""

    # What deciding reads stands first, and together: a request that is out of the cache costs few lines of it.
    cdef walk_view view
    cdef bint is_addressed
    cdef readonly object address, port, protocol, is_tls, sni, alpn, host, method, path, headers, payload, name
    cdef readonly object destination, server_name, offered, authority, verb, target, fields, scheme
    cdef readonly int seen_tls, seen_http, codec_error, request_error, variant
    cdef readonly bint is_http_10, is_http2, is_odd, is_mutual
    cdef object encoded_authority, encoded_name, encoded_target

    def _pack(self, tuple given not None, tuple seen not None):
        """Set all fields at once; nothing sets them later."""
        (self.address, self.port, self.protocol, self.is_tls, self.sni, self.alpn, self.host, self.method, self.path,
         self.headers, self.payload, self.name, self.is_mutual) = given
        (self.destination, self.seen_tls, self.seen_http, self.server_name, self.offered, self.codec_error,
         self.is_http_10, self.request_error, self.authority, self.verb, self.target, self.fields, self.is_http2,
         self.scheme, self.is_odd, self.variant) = seen
        cdef walk_view *view = &self.view
        view.version = _parse(self.destination, &view.address)
        view.port = self.port
        self.is_addressed = self.address is not None
        view.tls, view.http = self.seen_tls, self.seen_http
        view.codec_error, view.request_error = self.codec_error, self.request_error
        view.variant, view.is_http_10 = self.variant, self.is_http_10
        view.is_connect = self.verb == "CONNECT"
        view.asks = self.is_odd or bool(self.offered) or self.is_mutual
        if self.is_mutual:  # what is inside is for the readable walk, whatever the codec says of it
            view.codec_error, view.request_error, view.is_http_10 = 0, 0, False
        self.encoded_authority = _see(&view.authority, self.authority)
        self.encoded_name = _see(&view.server_name, self.server_name)
        self.encoded_target = _see(&view.target, self.target)


cdef int _parse(str address, ip_number *number) except? 0:
    """Read *address* and return 4 or 6; 0 where it is none, which no listener has."""
    number[0] = ip_number(0, 0)
    return parse_address(ascii_text(address), text_length(address), number) if is_ascii(address) else 0


cdef object _see(text_span *seen, str text):
    """Let *seen* be *text* as UTF-8; return what owns the bytes where *text* itself does not."""
    if is_ascii(text):
        seen[0] = text_span(ascii_text(text), text_length(text), READABLE)
        return None
    encoded = text.encode("utf-8", "surrogatepass")
    seen[0] = text_span(bytes_text(encoded), bytes_length(encoded), 0)
    return encoded


include "walk_tree.pxi"


@cython.final
cdef class Walk:
    """A table's layout that answers requests; see ``reference.walk.Walk``."""

    cdef walk_program program
    cdef walk_listener *listeners
    cdef walk_chain *chains
    cdef uint8_t[8192] addressed
    cdef readonly object layout
    cdef object readable, make
    cdef list made
    cdef list parts  # the trees and routes that the arrays point into

    def __cinit__(self, layout, make, Arrays arrays=None):
        self.layout = layout
        self.make = make
        self.readable = reference.Walk(layout, make)
        self.made = [None] * layout.leaves
        self.parts = []
        arrays = Arrays() if arrays is None else arrays
        self.program.leaves = layout.leaves
        self.program.catch_all = layout.catch_all
        self.program.looks_first, self.program.waits_first = layout.catch_all_inspection
        self.place_listeners(layout.listeners, arrays)
        self.place_chains(layout.chain_leaves, layout.http_chains, layout.tls_chains, arrays)
        self.place_ports(layout.ports)

    def __dealloc__(self):
        pages_free(self.program.slots)
        pages_free(self.listeners)
        pages_free(self.chains)

    @property
    def choices(self):
        """The leaves that an uncertain answer leaves possible, by the number that stands for them all."""
        return self.readable.choices

    def find(self, PackedRequest request not None, str destination=None, bint headers_unknown=False):
        """Return the number of the leaf where *request* ends, or that of a choice between several."""
        cdef walk_view view = request.view
        if destination is not None:
            view.version = _parse(destination, &view.address)
        cdef int64_t number = walk(&self.program, &view)
        return number if number >= 0 else self.readable.find(request, destination, headers_unknown)

    def decide(self, PackedRequest request not None):
        """Return the answer to *request*; the same object for every request that ends at the same leaf."""
        return self.answer_of(self.number_of(request))

    def decide_all(self, list requests not None):
        """Return the answers to *requests*, in order."""
        answers = []
        for request in requests:
            if not isinstance(request, PackedRequest):
                raise TypeError(f"expected PackedRequest, not {type(request).__name__}")
            answers.append(self.answer_of(self.number_of(<PackedRequest>request)))
        return answers

    def answer(self, int64_t number):
        """Return what was made of *number*, which ``find`` gave."""
        return self.answer_of(number)

    @property
    def program(self):
        """The flat table, for other compiled modules; it lasts as long as the walk."""
        return PyCapsule_New(&self.program, "meshegress.walk_program", NULL)

    cdef inline int64_t number_of(self, PackedRequest request) except -1:
        cdef int64_t number = walk(&self.program, &request.view)
        return number if number >= 0 else self.readable.find(request)

    cdef inline object answer_of(self, int64_t number):
        if number >= self.program.leaves:
            return self.readable.answer(number)
        made = self.made[number]
        if made is None:
            made = self.readable.answer(number)  # which makes it once, whoever else asks at this moment
            self.made[number] = made
        return made

    cdef int place_listeners(self, rows, Arrays arrays) except -1:
        cdef Py_ssize_t place
        self.listeners = <walk_listener *>_pages(len(rows), sizeof(walk_listener))
        for place, row in enumerate(rows):
            tree = arrays.of(row.node, _Tree)
            self.parts.append(tree)
            self.listeners[place] = walk_listener(
                &(<_Tree>tree).tree, row.leaf, row.first_chain, sole_chain(&(<_Tree>tree).tree))
        self.program.listeners = self.listeners
        return 0

    cdef int place_chains(self, const int64_t[::1] leaves, http_chains, tls_chains, Arrays arrays) except -1:
        cdef Py_ssize_t place
        self.chains = <walk_chain *>_pages(leaves.shape[0], sizeof(walk_chain))
        for place in range(leaves.shape[0]):
            self.chains[place] = walk_chain(NULL, leaves[place], False, False)
        for place in tls_chains:
            self.chains[place].leaf = NEEDS_PYTHON
        for place, chain in http_chains.items():
            if chain.ends_tls:
                self.chains[place] = walk_chain(NULL, NEEDS_PYTHON, False, False)
                continue
            routes = arrays.of(chain.routes, _Routes)
            self.parts.append(routes)
            merges = chain.normalization in _MERGING
            self.chains[place] = walk_chain(&(<_Routes>routes).routes, leaves[place], chain.accepts_http_10, merges)
        self.program.chains = self.chains
        return 0

    cdef int place_ports(self, ports) except -1:
        cdef ip_number number, any_address = ip_number(0, 0)
        cdef uint64_t size = 8
        cdef int version
        while size < 2 * sum([len(exact) + 2 for exact, _, _ in ports.values()]):
            size *= 2
        self.program.slots = <walk_slot *>_pages(size, sizeof(walk_slot))
        self.program.mask = size - 1
        self.program.addressed = self.addressed
        for port, (exact, wildcard_4, wildcard_6) in ports.items():
            for address, listener in exact.items():
                version = _parse(address, &number)
                if number.high or number.low:
                    self.addressed[<uint16_t>port >> 3] |= 1 << (<uint16_t>port & 7)
                self.place(number, slot_key(port, version, False), listener)
            self.place(any_address, slot_key(port, 4, True), wildcard_4)
            self.place(any_address, slot_key(port, 6, True), wildcard_6)
        return 0

    cdef int place(self, ip_number address, uint32_t key, int32_t listener) except -1:
        cdef walk_slot *slot
        if listener != WALK_NONE:
            slot = find_slot(&self.program, address, key)
            slot.address, slot.key, slot.listener = address, key, listener
            slot.leaf = leaf_of_all(&self.program, address, <uint16_t>key, key >> 16 & 7, listener)
        return 0


cdef class Decider:
    """Decides requests: *walk* alone where nothing is uncertain, *otherwise* the rest; see ``reference.walk.Decider``."""

    cdef Walk walk
    cdef object otherwise
    cdef bytes bits
    cdef const uint8_t *uncertain  # a bit for each port, in *bits*, which all workloads of a mesh share

    def __init__(self, Walk walk not None, bytes uncertain not None, otherwise):
        if len(uncertain) != 8192:
            raise ValueError(f"expected a bit for each port, not {len(uncertain)} bytes")
        self.walk, self.otherwise, self.bits = walk, otherwise, uncertain
        self.uncertain = bytes_text(uncertain)

    @classmethod
    def __class_getitem__(cls, answer):
        return cls

    def decide(self, request):
        """Return where *request* goes; a text is taken as a URL, for the request that fetching it sends.

        Raises RequestError for a bad URL, TypeError for what is neither, and nothing for a Request.
        """
        cdef PackedRequest packed
        if self.uncertain is NULL:
            raise TypeError("a decider is not initialised: call __init__ first")
        if isinstance(request, PackedRequest):
            packed = <PackedRequest>request
            if packed.is_addressed and not self.uncertain[packed.view.port >> 3] >> (packed.view.port & 7) & 1:
                return self.walk.answer_of(self.walk.number_of(packed))
        return self.otherwise(request)
