"""From the layers of a configuration to the plans for one client.

Knows which settings there are and how layers lie upon each other. What a value may be is known by
its kind.

Tables whose keys are the user's own, and those of timeouts and limits, are merged key by key; of
everything else the more special layer's is taken. A client never merges in what it replaces: a
proxy of its own does not go together with the proxies of the defaults.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from ._parameters import declared
from ._place import Inspection, Place, Source
from ._settings import ALTERNATIVES, SETTINGS
from ._sources import TABLES, Document, Layer, check_layout, chosen_name, layers_of
from ._values import PROTOCOL


class Resolved(NamedTuple):
    """A client's settings as plans, and where each is written."""

    name: str | None
    plans: dict[str, Any]
    places: dict[str, Place]


def resolve(
    document: Document,
    name: str | None,
    inspection: Inspection,
    arguments: Mapping[str, Any] | None = None,
    taken: frozenset[str] = frozenset(),
) -> Resolved:
    """The plans for a client: what the configuration says, and upon it `arguments`.

    `taken` are the arguments that the client's class has, settings or not: what is no setting is
    passed on as it is, and cannot stand in a file.
    """
    check_layout(document, inspection)
    if document.has_clients or name is not None:
        name = chosen_name(document, name, inspection)
    layers = layers_of(document, name, inspection)
    if arguments:
        layers.append(Layer(arguments, Place(inspection, Source())))
    resolved = Resolved(name, {}, {})
    for layer in layers:
        is_argument = layer.settings is arguments
        extra = frozenset() if layer.place.source.file else taken
        _lay(resolved, layer, extra if is_argument else extra - {"plugins"})
    _check_that_a_protocol_is_left(resolved)
    return resolved


def _lay(resolved: Resolved, layer: Layer, taken: frozenset[str]) -> None:
    """Put a layer upon those below it."""
    plans = resolved.plans
    above = _checked(layer, taken)
    for key in _replaced(above):
        plans.pop(key, None)
    for key, plan in above.items():
        if key in plans and key in SETTINGS:
            plan = SETTINGS[key].kind.merge(plans[key], plan)
        plans[key] = plan
        resolved.places[key] = layer.place / key


def _replaced(above: Mapping[str, Any]) -> list[str]:
    """The settings below a layer that have no meaning beside what it says."""
    replaced = []
    for one, *others in ALTERNATIVES:
        if one in above:
            replaced += [key for key in others if key not in above]
        elif any(key in above for key in others):
            replaced.append(one)
    return replaced


def _checked(layer: Layer, taken: frozenset[str]) -> dict[str, Any]:
    settings, place = layer
    plans: dict[str, Any] = {}
    for key, value in settings.items():
        if key in SETTINGS:
            plans[key] = SETTINGS[key].kind.take(value, place / key)
        elif key in taken:
            plans[key] = value
        else:
            further = _elsewhere(key, place.inspection)
            known = SETTINGS if place.path or not place.source else [*SETTINGS, *TABLES]
            place.report_unknown(key, known, f"there is no setting {key!r}.", further)
    for one, *others in ALTERNATIVES:
        for other in others:
            if one in settings and other in settings:
                (place / other).report(f"`{one}` is there as well: give one of the two.")
    # Protocols that are asked for by a flag have to be there.
    for key, protocol in (("http1", "http11"), ("http2", "http2")):
        if settings.get(key) is True:
            PROTOCOL.check(protocol, place / key)
    return plans


def _check_that_a_protocol_is_left(resolved: Resolved) -> None:
    plans = resolved.plans
    if plans.get("http1") is False and not plans.get("http2") and "protocols" not in plans:
        resolved.places["http1"].report(
            "no protocol is left: set `http2` to true, or name one in `protocols`."
        )


def _elsewhere(key: object, inspection: Inspection) -> str:
    """Where else something is a setting."""
    pool = inspection.registry.names("transports").get("pool")
    if pool is None or key not in declared(pool.cls).parameters:
        return ""
    return (
        "It is an option of the transport 'pool': transport = { name = \"pool\", options = "
        f"{{ {key} = ... }} }}."
    )
