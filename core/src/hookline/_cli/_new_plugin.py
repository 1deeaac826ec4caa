"""A new plugin's package, from templates: its names, its files, and what is refused.

Knows names and text. Asks nobody and prints nothing: `new_plugin_command.py` does. The templates
are sources with `@name@` and its like in the places of names, so that they read as what they make.
"""

from __future__ import annotations

import re
from importlib import resources
from pathlib import Path
from typing import NamedTuple

import hookline
import hookline.plugins

from .._errors import DuplicateName, PluginNotFound
from .._version import __version__


class Kind(NamedTuple):
    """A kind of plugin: its slot in the registry ("" for none), what it is called in sentences, its
    base class and hook, and how it is used in a program and in a configuration file."""

    slot: str
    words: str
    base: str
    hook: str
    program: str
    toml: str


def _client(argument: str) -> str:
    return f"import hookline\n\nclient = hookline.Client({argument})"


KINDS = {
    "middleware": Kind(
        "middleware", "a middleware", "Middleware", "hookline_register_middleware",
        _client('middleware=["@name@"]'), 'middleware = ["@name@"]',
    ),
    "transport": Kind(
        "transports", "a transport", "Transport", "hookline_register_transports",
        _client('transport="@name@"'), 'transport = "@name@"',
    ),
    "connector": Kind(
        "connectors", "a connector", "Connector", "hookline_register_connectors",
        _client('proxy="@scheme@://relay.example.org:1080"'),
        'proxy = "@scheme@://relay.example.org:1080"',
    ),
    "protocol": Kind(
        "protocols", "a protocol", "Protocol", "hookline_register_protocols",
        _client('protocols=["@name@"]'), 'protocols = ["@name@"]',
    ),
    "auth-scheme": Kind(
        "auth_schemes", "an auth scheme", "Auth", "hookline_register_auth_schemes",
        _client('auth={"name": "@name@", "options": {"token": "..."}}'),
        'auth = { name = "@name@", options = { token = { env = "API_TOKEN" } } }',
    ),
    "event-hook": Kind(
        "event_hooks", "an event hook", "EventHook", "hookline_register_event_hooks",
        _client('event_hooks=["@name@"]'), 'event_hooks = ["@name@"]',
    ),
    "decoder": Kind(
        "decoders", "a decoder", "Decoder", "hookline_register_decoders",
        "import hookline\n\nclient = hookline.Client()  # a decoder is used where it is installed",
        'decoders = ["@name@", "gzip"]  # only where others are not wanted',
    ),
    "tls-context": Kind(
        "", "a TLS context", "", "hookline_create_ssl_context",
        _client('verify={"name": "@name@"}'), 'verify = { name = "@name@" }',
    ),
}  # fmt: skip

# A distribution, a module, an option of hookline's and a word in a configuration file, all in one.
_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")

# The distributions of hookline's own: hookline-core, and so on.
OWN = frozenset(
    {
        *("cache", "core", "digest-auth", "http11", "http2", "log", "otel", "ratelimit"),
        *("retry", "socks"),
    }
)


class NewPluginError(ValueError):
    """A plugin that cannot be made like that: what is wrong, and what to do."""


def write_plugin(name: str, kind: str, folder: Path) -> Path:
    """Write the package of a new plugin into a new folder in `folder`, and return its path.

    Raises NewPluginError for a name that does not do, and where there is such a folder already:
    nothing is ever overwritten. Raises OSError where nothing can be written there.
    """
    name = checked_name(name, kind)
    root = folder / f"hookline-{name}"
    files = files_of(name, kind)
    try:
        root.mkdir()
    except FileExistsError:
        raise NewPluginError(
            f"There is {str(root)!r} already. Choose another name, or another folder by --into."
        ) from None
    except FileNotFoundError:
        raise NewPluginError(f"There is no folder {str(folder)!r}. Make it first.") from None
    except NotADirectoryError:
        raise NewPluginError(f"{str(folder)!r} is no folder.") from None
    for path, text in files.items():
        file = root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8", newline="\n")
    return root


def checked_name(name: str, kind: str) -> str:
    """The name without "hookline-" in front. Raises NewPluginError where it does not do."""
    if kind not in KINDS:
        raise NewPluginError(f"There is no kind {kind!r}. Kinds: {', '.join(KINDS)}.")
    short = name.removeprefix("hookline-").removeprefix("hookline_")
    if not _NAME.fullmatch(short):
        likely = re.sub(r"[^a-z0-9]+", "-", short.lower()).strip("-").lstrip("0123456789-")
        hint = f" Did you mean {likely!r}?" if _NAME.fullmatch(likely) else ""
        raise NewPluginError(
            f"The name {name!r} does not do: it takes lower-case letters, digits, and single "
            f"hyphens between them, and begins with a letter.{hint}"
        )
    if short in OWN:
        raise NewPluginError(f"hookline-{short} is one of hookline's own. Choose another name.")
    if KINDS[kind].slot:
        _require_free(KINDS[kind].slot, short)
    elif short == "default":
        raise NewPluginError("The TLS context 'default' is hookline's own. Choose another name.")
    return short


def _require_free(slot: str, name: str) -> None:
    registry = hookline.plugins.default_manager().registry
    try:
        registry.get(slot, name)
    except PluginNotFound:
        return
    except DuplicateName as exc:
        raise NewPluginError(str(exc)) from exc
    taken = registry.names(slot)[name]
    raise NewPluginError(f"The name {name!r} is taken by {taken}. Choose another one.")


def files_of(name: str, kind: str) -> dict[str, str]:
    """The files of a plugin by their paths in its folder. The name was checked."""
    module = f"hookline_{name.replace('-', '_')}"
    file_module = f"_{kind.replace('-', '_')}"
    places = {
        **_words(name, kind),
        "module": module,
        "entry_point": name.replace("-", "_"),
        "file_module": file_module,
        "file": f"{file_module}.py",
    }
    init = "tls-context_init.py" if kind == "tls-context" else "init.py"
    templates = {
        "pyproject.toml": "pyproject.toml",
        "README.md": "README.md",
        f"src/{module}/__init__.py": init,
        f"src/{module}/{file_module}.py": f"{kind}.py",
        f"tests/test_{places['entry_point']}.py": f"{kind}_test.py",
    }
    files = {path: _filled(_template(each), places) for path, each in templates.items()}
    files[f"src/{module}/py.typed"] = ""
    return files


def _words(name: str, kind: str) -> dict[str, str]:
    what = KINDS[kind]
    return {
        "name": name,
        "distribution": f"hookline-{name}",
        "class": _class_name(name, kind),
        # A scheme of URLs takes letters and digits.
        "scheme": name,
        "header": "X-" + "-".join(part.capitalize() for part in name.split("-")),
        "version": __version__,
        "summary": f"The plugin {name} for hookline: {what.words}.",
        "Kind_article": what.words[0].upper() + what.words[1:],
        "base": what.base,
        "hook": what.hook,
        "program": what.program,
        "toml": what.toml,
    }


def _class_name(name: str, kind: str) -> str:
    made = "".join(part.capitalize() for part in name.split("-"))
    if made in hookline.__all__ or made in hookline.plugins.__all__:
        made += "".join(part.capitalize() for part in kind.split("-"))
    return made


def _template(name: str) -> str:
    file = resources.files(__package__).joinpath("templates", f"{name}.txt")
    return file.read_text(encoding="utf-8")


def _filled(text: str, places: dict[str, str]) -> str:
    def fill(match: re.Match[str]) -> str:
        return _filled(places[match[1]], places) if match[1] in places else match[0]

    return re.sub(r"@(\w+)@", fill, text)
