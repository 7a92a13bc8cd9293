import os
from wsgiref.simple_server import make_server

from ledger import main

if __name__ == "__main__":
    port = int(os.environ.get("PORT") or 6543)
    with make_server("127.0.0.1", port, main({})) as server:
        print(f"Running on http://127.0.0.1:{port}", flush=True)
        server.serve_forever()
