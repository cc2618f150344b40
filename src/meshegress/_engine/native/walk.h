/* The walk over flat arrays: from what is seen of a connection to the number of its leaf, without Python.
 *
 * Listeners stand in one hash table by address and port; the wildcards of a port stand there too, under a key of their
 * own. The chains of a listener are a tree of five levels, each an array; a row that a matching table finds is an index
 * into the next array. Whatever needs Python (a header, a regular expression, a choice) ends in NEEDS_PYTHON, and the
 * readable walk answers.
 */
#ifndef MESHEGRESS_WALK_H
#define MESHEGRESS_WALK_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "names.h"
#include "prefixes.h"
#include "routes.h"
#include "text.h"

enum { WALK_NONE = -1 };
enum { SEES_PLAIN = 0, SEES_TLS = 1, SEES_TLS_WAITS = 2, SEES_NOT_HTTP = 0, SEES_HTTP_WAITS = 4 };

/* What is seen of one connection; `version` is 4 or 6. */
typedef struct {
    ip_number address;
    text_span server_name, authority;
    uint16_t port;
    uint8_t version, tls, http, codec_error, request_error, variant;
    uint8_t is_http_10, is_connect;
    uint8_t asks; /* for ALPN, or with a target, that only the readable walk judges */
    text_span target; /* of which most walks see nothing */
} walk_view;

typedef struct {
    int32_t by_http[4], other;
    uint8_t has_alpn;
} walk_apps;

typedef struct {
    int32_t plain, tls, other; /* of walk_apps */
} walk_transport;

typedef struct {
    const name_table *names;
    int32_t first_row, unnamed; /* of walk_transport */
} walk_names;

typedef struct {
    const prefix_table *prefixes;
    int32_t first_row, unprefixed; /* of walk_names */
} walk_prefixes;

typedef struct {
    int32_t port, level; /* of walk_prefixes */
} walk_port;

typedef struct {
    walk_port *ports;
    walk_prefixes *prefixes;
    walk_names *names;
    walk_transport *transports;
    walk_apps *apps;
    int32_t *tls_chains; /* of each walk_transport: the chain of TLS that offers no ALPN */
    int32_t port_count, any_port, default_chain;
    uint8_t inspects_tls, inspects_http, waits, is_reserved, is_zero_prefix;
} walk_tree;

typedef struct {
    const name_table *domains;
    const int32_t *answers, *misses;
    const route_list *conditional; /* of an answer below WALK_NONE: -1 - number */
} walk_routes;

typedef struct {
    const walk_tree *tree;
    int64_t leaf;
    int32_t first_chain;
    int32_t sole_chain; /* the chain of every connection, where the tree asks nothing; else NEEDS_PYTHON */
} walk_listener;

typedef struct {
    const walk_routes *routes;
    int64_t leaf; /* NEEDS_PYTHON, and no routes, for HTTP inside TLS that the chain ends */
    uint8_t accepts_http_10, merges_slashes;
} walk_chain;

typedef struct {
    ip_number address;
    uint32_t key; /* port, and the family above it; 0: free */
    int32_t listener;
    int64_t leaf; /* where everything ends that connects and does not wait, or NEEDS_PYTHON */
} walk_slot;

typedef struct {
    walk_slot *slots;
    uint64_t mask;
    const walk_listener *listeners;
    const walk_chain *chains;
    const uint8_t *addressed; /* a bit for each port that has listeners on addresses */
    int64_t leaves;
    int32_t catch_all;
    uint8_t looks_first, waits_first;
} walk_program;

/* The leaves of a block; see layout.py. */
enum { AT_WAITS = 0, AT_CLOSED = 1, AT_LOW_VERSION = 8, CODEC_BLOCK = 16, AS_GRPC = 1 };

static inline uint32_t slot_key(uint16_t port, unsigned version, int is_wildcard) {
    return (uint32_t)port | (uint32_t)version << 16 | (uint32_t)is_wildcard << 20 | 1u << 24;
}

static inline uint64_t slot_hash(ip_number address, uint32_t key) {
    uint64_t hash = address.high * 0x9E3779B97F4A7C15ULL ^ address.low * 0xD6E8FEB86659FD93ULL ^ key;
    hash = (hash ^ hash >> 32) * 0xBF58476D1CE4E5B9ULL;
    return hash ^ hash >> 29;
}

/* Return where to begin looking for the slot of the key. */
static inline walk_slot *slot_at(const walk_program *program, ip_number address, uint32_t key) {
    return program->slots + (slot_hash(address, key) & program->mask);
}

/* Return the slot of the key, or the free one where it would stand, looking from *slot* on. */
static inline const walk_slot *find_slot_from(const walk_program *program, const walk_slot *slot, ip_number address,
                                              uint32_t key) {
    for (;; slot = slot < program->slots + program->mask ? slot + 1 : program->slots) {
        if (!slot->key || (slot->key == key && slot->address.high == address.high && slot->address.low == address.low))
            return slot;
    }
}

static inline walk_slot *find_slot(const walk_program *program, ip_number address, uint32_t key) {
    return (walk_slot *)find_slot_from(program, slot_at(program, address, key), address, key);
}

static inline int has_bit(const uint8_t *bits, uint16_t port) { return bits[port >> 3] >> (port & 7) & 1; }

/* Return the listener of the port that takes every address of a family, or else the catch-all. */
static inline int32_t find_wildcard(const walk_program *program, uint16_t port, unsigned version) {
    static const ip_number any = {0, 0};
    const walk_slot *slot = find_slot(program, any, slot_key(port, version, 1));
    return slot->key ? slot->listener : program->catch_all;
}

static inline int32_t find_listener(const walk_program *program, const walk_view *view) {
    if (has_bit(program->addressed, view->port)) {
        const walk_slot *slot = find_slot(program, view->address, slot_key(view->port, view->version, 0));
        if (slot->key)
            return slot->listener;
    }
    return find_wildcard(program, view->port, view->version);
}

static inline int is_loopback(const walk_view *view) {
    return view->version == 4 ? view->address.high >> 56 == 127 : !view->address.high && view->address.low == 1;
}

/* ---- the first half: up to the name that has to be looked up ---- */

/* Where a walk stands when it needs a name looked up: `table` is NULL once the walk has ended. */
typedef struct {
    const name_table *table;
    const walk_listener *listener;
    const walk_names *names; /* a server name is looked up; else an authority */
    const walk_chain *chain;
    int saw_address; /* another address could have led elsewhere */
} pending_lookup;

static inline int64_t as_variant(const walk_program *program, int64_t leaf, int variant) {
    return leaf + variant * program->leaves;
}

/* Follow a chain to its leaf, or halt at the authority. */
static inline int64_t follow_chain(const walk_listener *listener, const walk_program *program, const walk_view *view,
                                   int32_t number, pending_lookup *halt) {
    if (number == WALK_NONE)
        number = listener->tree->default_chain;
    if (number < 0)
        return number == NEEDS_PYTHON ? NEEDS_PYTHON : listener->leaf + AT_CLOSED;
    const walk_chain *chain = &program->chains[listener->first_chain + number];
    if (!chain->routes)
        return chain->leaf;
    if (view->codec_error)
        return chain->leaf + view->codec_error;
    if (view->is_http_10 && !chain->accepts_http_10)
        return chain->leaf + AT_LOW_VERSION;
    if (view->request_error)
        return chain->leaf + view->request_error;
    if (view->asks)
        return NEEDS_PYTHON;
    halt->names = NULL;
    halt->chain = chain;
    halt->table = chain->routes->domains;
    return 0;
}

/* Return the chain of a bucket in which the server name has been judged. */
static inline int32_t chain_of_level(const walk_tree *tree, int32_t level, const walk_view *view, int tls, int http) {
    if (level == WALK_NONE)
        return WALK_NONE;
    if (tls == SEES_TLS && !view->asks)
        return tree->tls_chains[level];
    const walk_transport *transport = &tree->transports[level];
    int32_t apps = tls == SEES_TLS ? transport->tls : transport->plain;
    if (apps == WALK_NONE)
        apps = transport->other;
    if (apps == WALK_NONE)
        return WALK_NONE;
    if (tls != SEES_TLS)
        return tree->apps[apps].by_http[http];
    return tree->apps[apps].has_alpn && view->asks ? NEEDS_PYTHON : tree->apps[apps].other;
}

/* Choose the chain, or halt at the server name. */
static inline int64_t enter_tree(const walk_listener *listener, const walk_program *program, const walk_view *view,
                                 int tls, int http, pending_lookup *halt) {
    const walk_tree *tree = listener->tree;
    int32_t level = tree->any_port, bucket = WALK_NONE;
    for (int32_t i = 0; i < tree->port_count; i++)
        if (tree->ports[i].port == view->port)
            level = tree->ports[i].level;
    if (level != WALK_NONE) {
        const walk_prefixes *prefixes = &tree->prefixes[level];
        bucket = prefixes->unprefixed;
        if (prefixes->prefixes) {
            halt->saw_address = 1;
            const prefix_family *family = view->version == 4 ? &prefixes->prefixes->ipv4 : &prefixes->prefixes->ipv6;
            int32_t row = find_in_family(family, view->address);
            if (row != WALK_NONE)
                bucket = prefixes->first_row + row;
        }
    }
    if (bucket == WALK_NONE)
        return follow_chain(listener, program, view, WALK_NONE, halt);
    const walk_names *names = &tree->names[bucket];
    if (tls == SEES_TLS && names->names && view->server_name.length) {
        halt->names = names;
        halt->table = names->names;
        return 0;
    }
    return follow_chain(listener, program, view, chain_of_level(tree, names->unnamed, view, tls, http), halt);
}

/* Return the chain that takes every connection of a tree which inspects nothing and asks nothing, else NEEDS_PYTHON.
 * Most listeners of an address are such; a walk that skips their tree waits for memory half as often. */
static inline int32_t sole_chain(const walk_tree *tree) {
    if (tree->inspects_tls || tree->inspects_http || tree->is_reserved || tree->is_zero_prefix || tree->port_count)
        return NEEDS_PYTHON;
    if (tree->any_port == WALK_NONE)
        return tree->default_chain;
    const walk_prefixes *prefixes = &tree->prefixes[tree->any_port];
    if (prefixes->prefixes)
        return NEEDS_PYTHON;
    int32_t level = prefixes->unprefixed == WALK_NONE ? WALK_NONE : tree->names[prefixes->unprefixed].unnamed;
    int32_t chain = chain_of_level(tree, level, NULL, SEES_PLAIN, SEES_NOT_HTTP);
    return chain == WALK_NONE ? tree->default_chain : chain;
}

/* Walk from a listener until a name has to be looked up; return the leaf, or NEEDS_PYTHON, where none has to be. */
static inline int64_t walk_from(const walk_program *program, const walk_view *view, int32_t found, pending_lookup *halt) {
    halt->table = NULL;
    halt->names = NULL;
    halt->saw_address = 0;
    int http_is_known = program->looks_first && found != program->catch_all;
    if (http_is_known && program->waits_first && view->http == SEES_HTTP_WAITS && !is_loopback(view))
        return program->listeners[program->catch_all].leaf + AT_WAITS;
    if (found == WALK_NONE)
        return 0;
    const walk_listener *listener = halt->listener = &program->listeners[found];
    if (listener->sole_chain != NEEDS_PYTHON && !http_is_known)
        return follow_chain(listener, program, view, listener->sole_chain, halt);
    const walk_tree *tree = listener->tree;
    if (tree->is_reserved)
        return listener->leaf;
    int tls = tree->inspects_tls ? view->tls : SEES_PLAIN;
    int http = tree->inspects_http || http_is_known ? view->http : SEES_NOT_HTTP;
    if (tls == SEES_TLS_WAITS || (tls == SEES_PLAIN && http == SEES_HTTP_WAITS)) {
        if (tree->waits)
            return listener->leaf + AT_WAITS;
        tls = SEES_PLAIN, http = SEES_NOT_HTTP;
    }
    return tree->is_zero_prefix ? NEEDS_PYTHON : enter_tree(listener, program, view, tls, http, halt);
}

/* ---- the second half: with the row that was found ---- */

/* Return the leaf of a request whose authority has been looked up. */
static inline int64_t end_routes(const walk_program *program, const walk_view *view, const text_span *target,
                                 const walk_chain *chain, int32_t row) {
    int64_t base = chain->leaf + CODEC_BLOCK;
    if (row == WALK_NONE)
        return as_variant(program, base, view->variant & AS_GRPC);
    int32_t answer = view->is_connect ? ROUTE_MISSES : chain->routes->answers[row];
    if (answer < 0 && !view->is_connect)
        answer = first_route(&chain->routes->conditional[-1 - answer], target, chain->merges_slashes);
    if (answer == ROUTE_MISSES)
        return as_variant(program, base + chain->routes->misses[row], view->variant & AS_GRPC);
    return answer < 0 ? NEEDS_PYTHON : as_variant(program, base + answer, view->variant);
}

/* Fetch what the end of the walk reads of a row that was found; of no row the first, which saves a guess. */
static inline void fetch_answer(const pending_lookup *halt, int32_t row) {
    PREFETCH(&halt->chain->routes->answers[row + (row == WALK_NONE)]);
}

static inline void fetch_chain_of_name(const pending_lookup *halt, int32_t row) {
    PREFETCH(&halt->listener->tree->tls_chains[halt->names->first_row + row + (row == WALK_NONE)]);
}

/* Return the chain of a connection whose server name has been looked up. */
static inline int32_t chain_of_name(const pending_lookup *halt, const walk_view *view, int32_t row) {
    int32_t level = row == WALK_NONE ? halt->names->unnamed : halt->names->first_row + row;
    return chain_of_level(halt->listener->tree, level, view, SEES_TLS, SEES_NOT_HTTP);
}

/* Have the name on its way while the listener is looked up: it stands elsewhere than the view, and is as cold. */
static inline void fetch_name(const walk_view *view) {
    const text_span *name = view->tls == SEES_TLS ? &view->server_name : &view->authority;
    PREFETCH(name->text);
    PREFETCH(name->text + name->length);
}

/* Return the number of the leaf where the connection ends, or NEEDS_PYTHON. */
static inline int64_t walk(const walk_program *program, const walk_view *view) {
    pending_lookup halt;
    fetch_name(view);
    int64_t leaf = walk_from(program, view, find_listener(program, view), &halt);
    if (!halt.table)
        return leaf;
    if (halt.names) {
        const text_span *name = &view->server_name;
        int32_t row = find_server_name(halt.table, name->text, name->length, name->readable);
        int32_t chain = chain_of_name(&halt, view, row);
        halt.table = NULL;
        leaf = follow_chain(halt.listener, program, view, chain, &halt);
        if (!halt.table)
            return leaf;
    }
    const text_span *host = &view->authority;
    int32_t row = find_domain(halt.table, host->text, host->length, host->readable);
    return end_routes(program, view, &view->target, halt.chain, row);
}

/* Return the leaf of all that connects to a listener and does not wait, whatever it says; or NEEDS_PYTHON. */
static inline int64_t leaf_of_all(const walk_program *program, ip_number address, uint16_t port, unsigned version,
                                  int32_t listener) {
    int64_t leaf = NEEDS_PYTHON;
    for (int http = SEES_NOT_HTTP; http <= SEES_HTTP_WAITS; http++) {
        walk_view view = {.address = address, .port = port, .version = (uint8_t)version, .http = (uint8_t)http};
        pending_lookup halt;
        if (http == SEES_HTTP_WAITS) /* in the place of what waits: TLS that shows a name and offers no ALPN */
            view.http = SEES_NOT_HTTP, view.tls = SEES_TLS, view.server_name.length = 1;
        int64_t found = walk_from(program, &view, listener, &halt);
        if (halt.table || found == NEEDS_PYTHON || (http && found != leaf))
            return NEEDS_PYTHON;
        leaf = found;
    }
    return leaf;
}

#endif
