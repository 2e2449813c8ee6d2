"""A network in place of another one that had its name in the scene.

Owns what goes then: of a network that is shown again, populations that it has no more; of another
one, all of it but the camera. Networks of other names stay. It must never make anything.
"""

from typing import TYPE_CHECKING, Any

from . import extras, kept, marked, removed

if TYPE_CHECKING:
    from .blended import BlenderNetwork


def leave_other(root: Any, network: "BlenderNetwork") -> None:
    """Takes out of a collection what the network that now has it does not have."""
    another = kept.is_another(root, network.path)
    if another:
        removed.beside(root)
        root.pop(extras.ENGINE, None)
        kept.forget_network(root)
    there = () if another else set(network.source.names)
    for collection in marked.populations(root):
        if collection.get(marked.NAME) not in there:
            removed.population(collection)
