# cython: language_level=3, binding=False, embedsignature=True, embedsignature.format=clinic
# cython: boundscheck=False, wraparound=False, initializedcheck=False, freethreading_compatible=True
"""The walk at speed: the compiled twin of ``_purewalk``, which says what it is.

The table is flattened into the arrays of ``_walk.h``; a request packs what is seen of it into one C struct when it is
made. So deciding is a few look-ups without Python, and a decision that was made before is handed out as it is. Whatever
takes Python to judge (a header, a regular expression, ALPN that chains ask for, a choice between several answers) goes
to the readable walk: there is one reading of every rule.

Arrays that belong to a listener or a route configuration are kept for the next table that holds the same node.
"""

cimport cython
from cpython.mem cimport PyMem_Calloc, PyMem_Free
from libc.string cimport memset
from libc.stdint cimport int32_t, int64_t, uint8_t, uint16_t, uint32_t, uint64_t

from meshegress._fastmatch cimport (
    READABLE,
    DomainTable,
    PrefixTable,
    ServerNameTable,
    ip_number,
    name_table,
    parse_address,
    prefix_table,
)

from meshegress import _purewalk
from meshegress.lowered import NO_MATCH


cdef extern from "Python.h":
    bint is_ascii "PyUnicode_IS_COMPACT_ASCII"(object text)
    const uint8_t *ascii_text "(const uint8_t *)PyUnicode_DATA"(object text)
    Py_ssize_t text_length "PyUnicode_GET_LENGTH"(object text)
    const uint8_t *bytes_text "(const uint8_t *)PyBytes_AS_STRING"(object data)
    Py_ssize_t bytes_length "PyBytes_GET_SIZE"(object data)


cdef extern from "_walk.h" nogil:
    enum:
        WALK_NONE
        WALK_ASKS
    ctypedef struct walk_text:
        const uint8_t *text
        size_t length
        size_t readable
    ctypedef struct walk_view:
        ip_number address
        walk_text server_name
        walk_text authority
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
        int32_t port_count, any_port, default_chain
        uint8_t inspects_tls, inspects_http, waits, is_reserved, is_tossed
    ctypedef struct walk_routes:
        const name_table *domains
        const int32_t *answers
        const int32_t *misses
    ctypedef struct walk_listener:
        const walk_tree *tree
        int64_t leaf
        int32_t first_chain
    ctypedef struct walk_chain:
        const walk_routes *routes
        int64_t leaf
        uint8_t accepts_http_10
    ctypedef struct walk_slot:
        ip_number address
        uint32_t key
        int32_t listener
    ctypedef struct walk_program:
        walk_slot *slots
        uint64_t mask
        const walk_listener *listeners
        const walk_chain *chains
        int64_t leaves
        int32_t catch_all
        uint8_t looks_first, waits_first
    uint32_t slot_key(uint16_t port, unsigned version, bint is_wildcard)
    walk_slot *find_slot(const walk_program *program, ip_number address, uint32_t key)
    int64_t walk(const walk_program *program, const walk_view *view)


cdef class PackedRequest:
    """The part of a request that the walk reads, packed once; see ``_purewalk.PackedRequest``."""

    cdef readonly object address, port, protocol, is_tls, sni, alpn, host, method, path, headers, payload, name
    cdef readonly object destination, server_name, offered, authority, verb, target, fields, scheme
    cdef readonly int seen_tls, seen_http, codec_error, request_error, variant
    cdef readonly bint is_http_10, is_http2, is_odd
    cdef walk_view view
    cdef object encoded_authority, encoded_name

    def _pack(self, tuple given not None, tuple seen not None):
        """Set all fields at once; nothing sets them later."""
        (self.address, self.port, self.protocol, self.is_tls, self.sni, self.alpn, self.host, self.method, self.path,
         self.headers, self.payload, self.name) = given
        (self.destination, self.seen_tls, self.seen_http, self.server_name, self.offered, self.codec_error,
         self.is_http_10, self.request_error, self.authority, self.verb, self.target, self.fields, self.is_http2,
         self.scheme, self.is_odd, self.variant) = seen
        cdef walk_view *view = &self.view
        view.version = _parse(self.destination, &view.address)
        view.port = self.port
        view.tls, view.http = self.seen_tls, self.seen_http
        view.codec_error, view.request_error = self.codec_error, self.request_error
        view.variant, view.is_http_10 = self.variant, self.is_http_10
        view.is_connect = self.verb == "CONNECT"
        view.asks = self.is_odd or bool(self.offered)
        self.encoded_authority = _see(&view.authority, self.authority)
        self.encoded_name = _see(&view.server_name, self.server_name)


cdef int _parse(str address, ip_number *number) except? 0:
    """Read *address* and return 4 or 6; 0 where it is none, which no listener has."""
    number[0] = ip_number(0, 0)
    return parse_address(ascii_text(address), text_length(address), number) if is_ascii(address) else 0


cdef object _see(walk_text *seen, str text):
    """Let *seen* be *text* as UTF-8; return what owns the bytes where *text* itself does not."""
    if is_ascii(text):
        seen[0] = walk_text(ascii_text(text), text_length(text), READABLE)
        return None
    encoded = text.encode("utf-8", "surrogatepass")
    seen[0] = walk_text(bytes_text(encoded), bytes_length(encoded), 0)
    return encoded


@cython.final
cdef class Walk:
    """A lowered table that answers requests; see ``_purewalk.Walk``."""

    cdef walk_program program
    cdef walk_listener *listeners
    cdef walk_chain *chains
    cdef readonly object lowered
    cdef object readable, make
    cdef list made
    cdef dict trees, routes

    def __cinit__(self, lowered, make, Walk known=None):
        self.lowered = lowered
        self.make = make
        self.readable = _purewalk.Walk(lowered, make)
        self.made = [None] * lowered.leaves
        self.trees, self.routes = {}, {}
        self.program.leaves = lowered.leaves
        self.program.catch_all = lowered.catch_all
        self.program.looks_first, self.program.waits_first = lowered.first_look
        self.place_listeners(lowered.listeners, known)
        self.place_chains(lowered.chains, known)
        self.place_ports(lowered.ports)

    def __dealloc__(self):
        PyMem_Free(self.program.slots)
        PyMem_Free(self.listeners)
        PyMem_Free(self.chains)

    @property
    def choices(self):
        """The leaves that an uncertain answer leaves possible, by the number that stands for them all."""
        return self.readable.choices

    def find(self, PackedRequest request not None, str destination=None):
        """Return the number of the leaf where *request* ends, or that of a choice between several."""
        if destination is None:
            return self.number_of(request)
        cdef walk_view view = request.view
        view.version = _parse(destination, &view.address)
        cdef int64_t number = walk(&self.program, &view)
        return number if number >= 0 else self.readable.find(request, destination)

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

    cdef int place_listeners(self, rows, Walk known) except -1:
        cdef Py_ssize_t place
        self.listeners = <walk_listener *>_room(len(rows), sizeof(walk_listener))
        for place, row in enumerate(rows):
            tree = _kept(self.trees, None if known is None else known.trees, row.node, _Tree)
            self.listeners[place] = walk_listener(&(<_Tree>tree).tree, row.leaf, row.first_chain)
        self.program.listeners = self.listeners
        return 0

    cdef int place_chains(self, rows, Walk known) except -1:
        cdef Py_ssize_t place
        self.chains = <walk_chain *>_room(len(rows), sizeof(walk_chain))
        for place, row in enumerate(rows):
            self.chains[place] = walk_chain(NULL, row.leaf, row.accepts_http_10)
            if row.routes is not None:
                routes = _kept(self.routes, None if known is None else known.routes, row.routes, _Routes)
                self.chains[place].routes = &(<_Routes>routes).routes
        self.program.chains = self.chains
        return 0

    cdef int place_ports(self, ports) except -1:
        cdef ip_number number, any_address = ip_number(0, 0)
        cdef uint64_t size = 8
        cdef int version
        while size < 2 * sum([len(exact) + 2 for exact, _, _ in ports.values()]):
            size *= 2
        self.program.slots = <walk_slot *>_room(size, sizeof(walk_slot))
        self.program.mask = size - 1
        for port, (exact, wildcard_4, wildcard_6) in ports.items():
            for address, listener in exact.items():
                version = _parse(address, &number)
                self.place(number, slot_key(port, version, False), listener)
            self.place(any_address, slot_key(port, 4, True), wildcard_4)
            self.place(any_address, slot_key(port, 6, True), wildcard_6)
        return 0

    cdef int place(self, ip_number address, uint32_t key, int32_t listener) except -1:
        cdef walk_slot *slot
        if listener != WALK_NONE:
            slot = find_slot(&self.program, address, key)
            slot.address, slot.key, slot.listener = address, key, listener
        return 0


@cython.final
cdef class Decider:
    """Let *walk* answer what it can alone, and *otherwise* the rest; see ``_purewalk.Decider``."""

    cdef Walk walk
    cdef object otherwise
    cdef uint8_t[8192] careful  # a bit for each port

    def __cinit__(self, Walk walk not None, careful, otherwise):
        self.walk, self.otherwise = walk, otherwise
        memset(self.careful, 0, sizeof(self.careful))
        for port in careful:
            self.careful[<uint16_t>port >> 3] |= 1 << (<uint16_t>port & 7)

    def decide(self, request):
        """Return the answer to *request*."""
        cdef PackedRequest packed
        if isinstance(request, PackedRequest):
            packed = <PackedRequest>request
            if packed.address is not None and not self.careful[packed.view.port >> 3] >> (packed.view.port & 7) & 1:
                return self.walk.answer_of(self.walk.number_of(packed))
        return self.otherwise(request)


@cython.final
cdef class _Tree:
    """The tree of one listener, as arrays."""

    cdef walk_tree tree
    cdef object node

    def __cinit__(self, node):
        cdef walk_tree *tree = &self.tree
        cdef _Levels levels = _Levels()
        self.node = node  # owns the matching tables
        tree.inspects_tls, tree.inspects_http = node.inspects_tls, node.inspects_http
        tree.waits, tree.is_reserved, tree.default_chain = node.waits, node.reserved, node.default
        tree.any_port = levels.add_prefixes(node.any_port)
        ports = [(port, levels.add_prefixes(level)) for port, level in node.by_port.items()]
        tree.port_count = len(ports)
        tree.ports = <walk_port *>_room(len(ports), sizeof(walk_port))
        for place, (port, level) in enumerate(ports):
            tree.ports[<Py_ssize_t>place] = walk_port(port, level)
        levels.write(tree)

    def __dealloc__(self):
        PyMem_Free(self.tree.ports)
        PyMem_Free(self.tree.prefixes)
        PyMem_Free(self.tree.names)
        PyMem_Free(self.tree.transports)
        PyMem_Free(self.tree.apps)


@cython.final
cdef class _Levels:
    """The levels of a tree on their way into arrays; a level's rows stand in one run of the next array."""

    cdef list prefixes, names, transports, apps
    cdef bint is_tossed

    def __cinit__(self):
        self.prefixes, self.names, self.transports, self.apps = [], [], [], []

    cdef int32_t add_prefixes(self, level) except? -1:
        if level is None:
            return WALK_NONE
        self.is_tossed = self.is_tossed or (level.tossed and level.unprefixed is not None)
        first = self.add_run(self.names, level.rows)
        self.prefixes.append((level.prefixes, first, self.add_one(self.names, level.unprefixed)))
        return len(self.prefixes) - 1

    cdef int32_t add_run(self, list run, rows) except? -1:
        first = len(run)
        run.extend(rows)
        return first

    cdef int32_t add_one(self, list run, level) except? -1:
        return WALK_NONE if level is None else self.add_run(run, (level,))

    cdef int write(self, walk_tree *tree) except -1:
        cdef Py_ssize_t place
        names = [(level.names, self.add_run(self.transports, level.rows), self.add_one(self.transports, level.unnamed))
                 for level in self.names]
        transports = [(self.add_one(self.apps, level.plain), self.add_one(self.apps, level.tls),
                       self.add_one(self.apps, level.other)) for level in self.transports]
        tree.is_tossed = self.is_tossed
        tree.prefixes = <walk_prefixes *>_room(len(self.prefixes), sizeof(walk_prefixes))
        for place, (table, first, unprefixed) in enumerate(self.prefixes):
            tree.prefixes[place] = walk_prefixes(_prefixes_of(table), first, unprefixed)
        tree.names = <walk_names *>_room(len(names), sizeof(walk_names))
        for place, (table, first, unnamed) in enumerate(names):
            tree.names[place] = walk_names(_names_of(table), first, unnamed)
        tree.transports = <walk_transport *>_room(len(transports), sizeof(walk_transport))
        for place, (plain, tls, other) in enumerate(transports):
            tree.transports[place] = walk_transport(plain, tls, other)
        tree.apps = <walk_apps *>_room(len(self.apps), sizeof(walk_apps))
        for place, level in enumerate(self.apps):
            tree.apps[place].by_http = level.by_http
            tree.apps[place].other, tree.apps[place].has_alpn = level.other, bool(level.by_alpn)
        return 0


@cython.final
cdef class _Routes:
    """A route configuration, as arrays."""

    cdef walk_routes routes
    cdef object node
    cdef const int32_t[::1] answers, misses

    def __cinit__(self, node):
        self.node = node  # owns the matching table
        self.answers, self.misses = node.answers, node.misses
        self.routes.domains = &(<DomainTable?>node.domains).table
        self.routes.answers = &self.answers[0] if len(node.answers) else NULL
        self.routes.misses = &self.misses[0] if len(node.misses) else NULL


cdef object _kept(dict kept, dict known, node, make):
    """Return what *make* made of *node*, now or for another walk; the maker's object keeps the node, and so its id."""
    key = id(node)
    found = kept.get(key)
    if found is None:
        found = None if known is None else known.get(key)
        if found is None:
            found = make(node)
        kept[key] = found
    return found


cdef const prefix_table *_prefixes_of(PrefixTable table):
    return NULL if table is None else &table.table


cdef const name_table *_names_of(ServerNameTable table):
    return NULL if table is None else &table.table


cdef void *_room(size_t count, size_t size) except NULL:
    """Return zeroed room for *count* members of *size*."""
    cdef void *room = PyMem_Calloc(count or 1, size)
    if room == NULL:
        raise MemoryError
    return room
