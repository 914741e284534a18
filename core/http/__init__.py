"""The only package that opens sockets: guarded, bounded, and deaf to whoever tries to steer it inwards.

`loop.run(loop.send(Request(...)), timeout)` sends from ordinary code and tells what came of it; `urls.parse_target`
judges a URL that somebody wants to save; `headers.check_headers` those that somebody wants to add.
"""
