"""What is wrong with the resources of a mesh, asked of its tables: each resource is left out, and what changes is told.

Three questions find most: leave one resource out (``leaving_out``), leave one part of it out (``parts``), and ask what
a client of each declared host would ask (``promises``). Few rules stand on their own (``standing``).
"""
