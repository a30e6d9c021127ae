"""Where the bench keeps what it makes: under `var/`, which is not in the repository."""

from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[3]
SOURCES: Final = Path(__file__).parent
PEERS: Final = SOURCES / "peers"
FOLDER: Final = ROOT / "var" / "bench"
"""The peers' environment, the built generator, databases of the run."""
