"""nginx's part of `server.py`: the configuration, and the command that starts it.

Everything that nginx would otherwise keep in the system's directories is pointed
into the one that it is given, so that it runs as any user and leaves nothing.
"""

import os
import shutil
import subprocess
from pathlib import Path

import trustme
from payloads import JSON_10K, LARGE, LARGE_SIZE, SMALL, UPLOAD_PATH

# The most connections that a server takes. More than any workload opens.
MAX_CONNECTIONS = 4096

# The certificate authority's file, in the directory.
AUTHORITY = "authority.pem"

# Where it says how many connections it has accepted.
STATUS_PATH = "/status"

# An upload is read to its end (into a temporary file: it is for a proxied server that takes no
# bodies) and answered then, by nginx itself.
# `sendfile off`: at 10 KB, head and body leave in one segment.
# `master_process off`: a single process, so that ending it leaves nobody behind.
_CONFIG = """
daemon off;
master_process off;
worker_processes 1;
pid "{directory}/nginx.pid";
error_log "{directory}/error.log" warn;
events {{
    worker_connections {max_connections};
}}
http {{
    access_log off;
    sendfile off;
    tcp_nodelay on;
    keepalive_requests 1000000000;
    keepalive_timeout 1h;
    open_file_cache max=16;
    client_body_temp_path "{directory}/client_body";
    proxy_temp_path "{directory}/proxy";
    fastcgi_temp_path "{directory}/fastcgi";
    uwsgi_temp_path "{directory}/uwsgi";
    scgi_temp_path "{directory}/scgi";
    http2_max_concurrent_streams 128;
    ssl_certificate "{directory}/certificate.pem";
    ssl_certificate_key "{directory}/key.pem";
    server {{
        listen 127.0.0.1:{port} backlog=2048;
        listen 127.0.0.1:{tls_port} ssl http2 backlog=2048;
        location = {small_path} {{
            default_type {small_type};
            return 200 "{small_body}";
        }}
        location = {json_path} {{
            default_type {json_type};
            alias "{directory}/json";
{json_headers}
        }}
        location = {large_path} {{
            default_type {large_type};
            alias "{directory}/large";
        }}
        location = {upload_path} {{
            client_max_body_size 0;
            client_body_buffer_size 1m;
            proxy_pass http://127.0.0.1:{port}{small_path};
            proxy_pass_request_body off;
            proxy_set_header Content-Length "";
            proxy_set_header Transfer-Encoding "";
        }}
        location = {status_path} {{
            stub_status;
        }}
    }}
}}
"""


def find() -> str | None:
    """The binary, or None. Debian keeps it out of ordinary users' PATH."""
    path = os.pathsep.join((os.environ.get("PATH", os.defpath), "/usr/sbin", "/usr/local/sbin"))
    return shutil.which("nginx", path=path)


def prepare(directory: Path, port: int, tls_port: int) -> tuple[list[str], str]:
    """Write what it needs into the directory. The command, and its name and version."""
    binary = find()
    if binary is None:
        raise RuntimeError("no nginx on PATH")
    headers = (f'            add_header {name} "{value}";' for name, value in JSON_10K.headers)
    config = directory / "nginx.conf"
    config.write_text(
        _CONFIG.format(
            directory=directory,
            port=port,
            tls_port=tls_port,
            max_connections=MAX_CONNECTIONS,
            small_path=SMALL.path,
            small_type=SMALL.content_type,
            small_body=SMALL.body.decode().replace("\n", "\\n"),
            json_path=JSON_10K.path,
            json_type=JSON_10K.content_type,
            json_headers="\n".join(headers),
            large_path=LARGE.path,
            large_type=LARGE.content_type,
            upload_path=UPLOAD_PATH,
            status_path=STATUS_PATH,
        )
    )
    (directory / "json").write_bytes(JSON_10K.body)
    with (directory / "large").open("wb") as large:
        large.truncate(LARGE_SIZE)
    _make_certificate(directory)

    # "nginx version: nginx/1.22.1", on standard error.
    answer = subprocess.run([binary, "-v"], capture_output=True, text=True, check=True)
    title = answer.stderr.strip().rpartition(" ")[2]
    return [binary, "-p", str(directory), "-c", str(config)], title


def _make_certificate(directory: Path) -> None:
    authority = trustme.CA()
    certificate = authority.issue_cert("localhost")
    authority.cert_pem.write_to_path(str(directory / AUTHORITY))
    certificate.private_key_pem.write_to_path(str(directory / "key.pem"))
    for pem in certificate.cert_chain_pems:
        pem.write_to_path(str(directory / "certificate.pem"), append=True)
