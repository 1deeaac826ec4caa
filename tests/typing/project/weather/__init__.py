"""A user's project: what programs do with hookline, and what checkers are to see in it.

Each module is code as people write it. `assert_type` pins the main expressions; that nothing here
is `Any` is for the checkers' flags to prove.
"""
