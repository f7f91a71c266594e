"""``python -m transxlab.cli``: the same as the command ``transxlab``."""

from __future__ import annotations

from transxlab.cli.main import run

if __name__ == "__main__":
    run()
