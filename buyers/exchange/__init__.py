"""Buyers' own interfaces as data: what is asked of a buyer in real time, and what its answer means. Pure.

A delivery method `http` is a document: the requests of its stages (ping, post, loss) and how their answers are read.
`compile_method` reads it once; stages then render requests and read responses without network, database or clock.
"""
