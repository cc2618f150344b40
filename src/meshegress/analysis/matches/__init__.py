"""What the routes of a few virtual hosts ask of a request, and which of them a request can end at.

A request has a truth vector in each dimension (path, a header, a query parameter, ...); ``values`` finds which vectors
are possible, ``combinations`` which routes each combination of them ends at.
"""
