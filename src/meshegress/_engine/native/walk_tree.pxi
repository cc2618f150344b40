"""Listeners and route configurations on their way into the flat arrays of ``walk.h``; a part of ``walk.pyx``."""

@cython.final
cdef class Arrays:
    """The flat arrays of nodes, for all walks over tables that share them; see ``reference.walk.Arrays``."""

    cdef dict made
    cdef Arrays before

    def __cinit__(self, Arrays before=None):
        self.made = {}
        self.before = before

    def forget_before(self):
        """Let go of what was not taken over."""
        self.before = None

    cdef object of(self, node, make):
        """Return what *make* made of *node*, now or for another walk; it keeps the node, and so its id."""
        found = self.known(id(node))
        return self.made.setdefault(id(node), make(node) if found is None else found)

    cdef object known(self, key):
        cdef Arrays arrays = self
        while arrays is not None:
            found = arrays.made.get(key)
            if found is not None:
                return found
            arrays = arrays.before
        return None


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
        PyMem_Free(self.tree.tls_chains)


@cython.final
cdef class _Levels:
    """The levels of a tree on their way into arrays; a level's rows stand in one run of the next array."""

    cdef list prefixes, names, transports, apps
    cdef bint is_zero_prefix

    def __cinit__(self):
        self.prefixes, self.names, self.transports, self.apps = [], [], [], []

    cdef int32_t add_prefixes(self, level) except? -1:
        if level is None:
            return WALK_NONE
        self.is_zero_prefix = self.is_zero_prefix or (level.zero_prefix_rows and level.unprefixed is not None)
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
        names = [(level.names, self.add_run(self.transports, _rows_of(level)), self.add_one(self.transports, level.unnamed))
                 for level in self.names]
        tree.is_zero_prefix = self.is_zero_prefix
        tree.prefixes = <walk_prefixes *>_room(len(self.prefixes), sizeof(walk_prefixes))
        for place, (table, first, unprefixed) in enumerate(self.prefixes):
            tree.prefixes[place] = walk_prefixes(_prefixes_of(table), first, unprefixed)
        tree.names = <walk_names *>_room(len(names), sizeof(walk_names))
        for place, (table, first, unnamed) in enumerate(names):
            tree.names[place] = walk_names(_names_of(table), first, unnamed)
        self.write_transports(tree)
        tree.apps = <walk_apps *>_room(len(self.apps), sizeof(walk_apps))
        for place in range(len(self.apps)):
            _write_apps(&tree.apps[place], self.apps[place])
        tree.tls_chains = <int32_t *>_room(len(self.transports), sizeof(int32_t))
        for place in range(len(self.transports)):
            apps = tree.transports[place].tls if tree.transports[place].tls != WALK_NONE else tree.transports[place].other
            tree.tls_chains[place] = WALK_NONE if apps == WALK_NONE else tree.apps[<Py_ssize_t>apps].other
        return 0

    cdef int write_transports(self, walk_tree *tree) except -1:
        cdef Py_ssize_t place
        tree.transports = <walk_transport *>_room(len(self.transports), sizeof(walk_transport))
        for place in range(len(self.transports)):
            level = self.transports[place]
            if isinstance(level, int):  # the chain that takes everything
                tree.transports[place] = walk_transport(WALK_NONE, WALK_NONE, <int32_t>len(self.apps))
                self.apps.append(level)
            else:
                tree.transports[place] = walk_transport(
                    self.add_one(self.apps, level.plain), self.add_one(self.apps, level.tls),
                    self.add_one(self.apps, level.other))
        return 0


cdef object _rows_of(level):
    """Return what stands behind each name of *level*: the number of a chain, or a level that chooses one."""
    return [level.levels[-1 - row] if row < 0 else row for row in level.rows] if level.levels else level.rows


cdef int _write_apps(walk_apps *apps, level) except -1:
    cdef int32_t chain
    if isinstance(level, int):
        chain = level
        apps.by_http[0] = apps.by_http[1] = apps.by_http[2] = apps.by_http[3] = apps.other = chain
    else:
        apps.by_http = level.by_http
        apps.other, apps.has_alpn = level.other, bool(level.by_alpn)
    return 0


@cython.final
cdef class _Routes:
    """A route configuration, as arrays."""

    cdef walk_routes routes
    cdef object node
    cdef const int32_t[::1] answers, misses
    cdef route_list *lists
    cdef route_row *rows
    cdef list paths  # own the text of rows

    def __cinit__(self, node):
        self.node = node  # owns the matching table
        self.answers, self.misses = node.answers, node.misses
        self.routes.domains = &(<DomainTable?>node.domains).table
        self.routes.answers = &self.answers[0] if len(node.answers) else NULL
        self.routes.misses = &self.misses[0] if len(node.misses) else NULL
        self.place_conditional(node.conditional)

    def __dealloc__(self):
        PyMem_Free(self.lists)
        PyMem_Free(self.rows)

    cdef int place_conditional(self, conditional) except -1:
        cdef Py_ssize_t number, place = 0
        self.paths = []
        self.lists = <route_list *>_room(len(conditional), sizeof(route_list))
        self.rows = <route_row *>_room(sum([len(rows) for _, rows in conditional]), sizeof(route_row))
        for number, (_, rows) in enumerate(conditional):
            self.lists[number] = route_list(self.rows + place, len(rows))
            for row in rows:
                self.place_route(&self.rows[place], row)
                place += 1
        self.routes.conditional = self.lists
        return 0

    cdef int place_route(self, route_row *place, row) except -1:
        path = row.path
        encoded = (fold(path.value) if path.ignore_case else path.value).encode("utf-8", "surrogatepass")
        self.paths.append(encoded)
        place[0] = route_row(bytes_text(encoded), bytes_length(encoded), row.leaf, path.kind, path.ignore_case,
                             bool(row.headers or row.query))
        return 0


cdef const prefix_table *_prefixes_of(PrefixTable table):
    return NULL if table is None else &table.table


cdef const name_table *_names_of(ServerNameTable table):
    return NULL if table is None else &table.table


cdef void *_pages(size_t count, size_t size) except NULL:
    """Return zeroed room for *count* members of *size*, where many are looked up in no order."""
    cdef void *room = pages_allocate(count * size)
    if room == NULL:
        raise MemoryError
    return room


cdef void *_room(size_t count, size_t size) except NULL:
    """Return zeroed room for *count* members of *size*."""
    cdef void *room = PyMem_Calloc(count or 1, size)
    if room == NULL:
        raise MemoryError
    return room
