"""Exit with status 0 if the server at the given port of this machine is ready."""

import http.client
import sys

connection = http.client.HTTPConnection("127.0.0.1", int(sys.argv[1]), timeout=5)
connection.request("GET", "/readyz")
sys.exit(connection.getresponse().status != http.client.OK)
