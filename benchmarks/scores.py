"""Errors of estimates against measured figures, and how they are printed."""

from __future__ import annotations

from dataclasses import dataclass

from transxlab.facts.values import Interval


@dataclass(frozen=True)
class Score:
    """One row and its estimate."""

    row: dict[str, str]
    """The row as it stands in the table."""
    source: str
    """Where it was published."""
    group: str
    """Class of run it is summed under."""
    found: Interval | None
    """The estimate; None where none was possible."""
    measured: float
    """The measured figure, in the unit of the estimate."""

    @property
    def error(self) -> float:
        """Relative error of the expected value; 0 where there is no estimate."""
        return self.found.expected / self.measured - 1 if self.found else 0.0


def line(name: str, scores: list[Score]) -> str:
    """One summary line: rows answered, errors, and the share inside the interval."""
    done = [s for s in scores if s.found is not None]
    if not done:
        return f"{name}: answered 0/{len(scores)}"
    sizes = sorted(abs(s.error) for s in done)
    widths = sorted((s.found.high - s.found.low) / s.found.expected for s in done if s.found)
    inside = sum(s.found.low <= s.measured <= s.found.high for s in done if s.found) / len(done)
    return (
        f"{name}: answered {len(done)}/{len(scores)}  MAPE {sum(sizes) / len(sizes):.1%}  "
        f"median {sizes[len(sizes) // 2]:.1%}  bias {sum(s.error for s in done) / len(done):+.1%}  "
        f"inside {inside:.0%}  median width {widths[len(widths) // 2]:.0%}"
    )


def report(
    scores: list[Score], worst: int, unit: float, name: str, main: str | None = None
) -> None:
    """Print errors by source and group, the worst rows, and one line for all or the main group."""
    for group in dict.fromkeys(s.group for s in scores):
        print(f"\n{group}")
        mine = [s for s in scores if s.group == group]
        for source in dict.fromkeys(s.source for s in mine):
            print("  " + line(source, [s for s in mine if s.source == source]))
        print("  " + line(f"all {group}", mine))
    print(f"\nworst {worst}")
    ordered = sorted((s for s in scores if s.found), key=lambda s: -abs(s.error))
    for s in ordered[:worst]:
        if s.found:
            print(
                f"  {s.row['id']} {s.row['model'][:24]} {s.row['method']} seq {s.row['seq_len']} "
                f"x {s.row['micro_batch']} {s.row['gpu']}: {s.measured / unit:.4g} {name}, "
                f"estimate {s.found.expected / unit:.4g} "
                f"[{s.found.low / unit:.4g}, {s.found.high / unit:.4g}] {s.error:+.0%}"
            )
    print("\n" + line("all", [s for s in scores if main in (None, s.group)]))
