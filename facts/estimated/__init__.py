"""Parameters, memory, throughput, time, cost: arithmetic only."""
