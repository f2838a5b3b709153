"""Remotes on this machine: a folder, a folder behind HTTP, and an object store."""

import contextlib
import http.server
import os
import threading
from pathlib import Path
from typing import NamedTuple


class Handler(http.server.SimpleHTTPRequestHandler):
    """Serves and receives files of a folder; an upload is stored whole or not at all."""

    protocol_version = "HTTP/1.1"
    extensions_map = {"": "application/octet-stream"}  # noqa: RUF012

    def parse_request(self):
        """Refuse every request while the server has a `refusal`."""
        if not super().parse_request():
            return False
        self.server.requests.append((self.command, self.path))
        self.server.watch(self.command)
        if status := self.server.refusal:
            self.close_connection = True
            self.send_error(status)
            return False
        return True

    def do_PUT(self):
        body = b"".join(self._chunks())
        path = Path(self.translate_path(self.path))
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_name(f".{path.name}.{threading.get_ident()}")
        partial.write_bytes(body)
        os.replace(partial, path)
        self.send_response(201)
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_POST = do_PUT

    def _chunks(self):
        """Pieces of a request's body, each of which DVC sends after its length."""
        while size := int(self.rfile.readline(), 16):
            yield self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()

    def log_message(self, *_):
        pass


class Server(http.server.ThreadingHTTPServer):
    """Serves a folder on a free port, and remembers every request.

    Attributes
    ----------
    requests : list of (method, path)
    refusal : int or None
        HTTP status with which every request is refused.
    watch : callable
        Called with the method of each request before it is answered.
    """

    daemon_threads = True

    def __init__(self, folder):
        super().__init__(("127.0.0.1", 0), lambda *a: Handler(*a, directory=str(folder)))
        self.requests, self.refusal, self.watch = [], None, lambda method: None
        self.url = f"http://127.0.0.1:{self.server_port}"

    def handle_error(self, *_):
        """Print nothing: tests kill clients on purpose."""

    def count(self, *methods):
        """Number of requests with these methods so far."""
        return sum(method in methods for method, _ in self.requests)


@contextlib.contextmanager
def serving(folder):
    """A running `Server` of a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    with Server(folder) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


class Remote(NamedTuple):
    """How a user configures a remote, and how a test reads and changes it without DVC."""

    url: str
    options: dict  # for `dvc remote modify`
    environment: dict  # credentials, in the shell
    writes: object  # () -> a value that changes with every object that is written
    change: object  # (hash, function of bytes): replaces an object's content


def in_folder(folder):
    """A folder of this machine."""

    def change(digest, function):
        path = folder / "files/md5" / digest[:2] / digest[2:]
        path.chmod(0o644)
        path.write_bytes(function(path.read_bytes()))

    def writes():
        paths = (path for path in folder.rglob("*") if path.is_file())
        return {path: (path.stat().st_ino, path.stat().st_mtime_ns) for path in paths}

    return Remote(str(folder), {}, {}, writes, change)


@contextlib.contextmanager
def behind_http(folder):
    """A folder of this machine that only HTTP reaches."""
    with serving(folder) as server:
        yield in_folder(folder)._replace(
            url=server.url,
            options={"method": "PUT"},
            writes=lambda: server.count("PUT", "POST"),
        )


@contextlib.contextmanager
def in_bucket(folder):
    """An object store in this process, whose bucket keeps every version."""
    import boto3
    from moto.server import ThreadedMotoServer

    keys = {"AWS_ACCESS_KEY_ID": "toy-key", "AWS_SECRET_ACCESS_KEY": "toy-secret"}
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    url = "http://{}:{}".format(*server.get_host_and_port())
    names = {key.lower(): value for key, value in keys.items()}
    client = boto3.client("s3", endpoint_url=url, region_name="us-east-1", **names)
    client.create_bucket(Bucket=folder.name)
    versioning = {"Status": "Enabled"}
    client.put_bucket_versioning(Bucket=folder.name, VersioningConfiguration=versioning)

    def change(digest, function):
        place = {"Bucket": folder.name, "Key": f"toy/files/md5/{digest[:2]}/{digest[2:]}"}
        content = client.get_object(**place)["Body"].read()
        client.put_object(**place, Body=function(content))

    def writes():
        return len(client.list_object_versions(Bucket=folder.name)["Versions"])

    try:
        options, region = {"endpointurl": url}, {"AWS_DEFAULT_REGION": "us-east-1"}
        yield Remote(f"s3://{folder.name}/toy", options, keys | region, writes, change)
    finally:
        server.stop()
