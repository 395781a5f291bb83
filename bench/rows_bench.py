"""What rows are measured by: `validate --rows` by simdjson parsing the same lines into its DOM, `convert --shape agents`
by `--shape clickhouse` on the same spans."""

import statistics

from measuring import run, run_reference, verdict

# name, signal, least ratio of the speeds, ratio aimed at
WORKS = (
    ("validate --rows, spans", "spans", 0.35, 0.6),
    ("validate --rows, logs", "logs", 0.35, 0.6),
    ("validate --rows, metrics", "metrics", 0.35, None),
)


def measure_rows(options, bench):
    print(f"{'':<27} {'MB/s':>7} {'simdjson':>8} {'ratio':>7} {'ratio':>7}")
    print(f"{'work':<27} {'in':>7} {'MB/s':>8} {'wall':>7} {'CPU':>7}  target")
    rows = []
    for name, signal, least, aim in WORKS:
        source = bench.framed(signal).with_suffix(".rows")
        if not source.exists():
            run(bench.convert(bench.framed(signal), source))
        validate = [bench.gf_otlp, "validate", "--rows", "--threads", "1", "--progress", "never", "--fail-on", "never",
                    "-q", "-o", "/dev/null", source]
        pairs = [(run_reference([bench.programs / "reference_simdjson", source]), run(validate))
                 for _ in range(options.pairs)]
        megabytes = source.stat().st_size / 1e6
        row = {
            "work": name,
            "mb_per_s_in": megabytes / statistics.median(ours.wall for _, ours in pairs),
            "reference_mb_per_s": megabytes / statistics.median(r["seconds"] for r, _ in pairs),
            "ratio": statistics.median(r["seconds"] / ours.wall for r, ours in pairs),
            "ratio_cpu": statistics.median(r["cpu_seconds"] / ours.cpu for r, ours in pairs),
            "least": least,
            "aim": aim,
        }
        rows.append(row)
        target = f">= {least}" + (f" (aim {aim})" if aim else "")
        print(f"{name:<27} {row['mb_per_s_in']:7.0f} {row['reference_mb_per_s']:8.0f} {row['ratio']:7.2f} "
              f"{row['ratio_cpu']:7.2f}  {target:<18} {verdict(row['ratio'] >= least)}", flush=True)
    print()
    return rows


# Least ratio of the speeds of shape agents and shape clickhouse.
LEAST_OF_AGENTS = 0.5


def measure_agents(options, bench):
    source = bench.framed("genai")
    of_shape = lambda shape: [*bench.convert(source), "--shape", shape]
    pairs = [(run(of_shape("clickhouse")), run(of_shape("agents"))) for _ in range(options.pairs)]
    megabytes = source.stat().st_size / 1e6
    found = {
        "mb_per_s_in": megabytes / statistics.median(agents.wall for _, agents in pairs),
        "clickhouse_mb_per_s": megabytes / statistics.median(clickhouse.wall for clickhouse, _ in pairs),
        "ratio": statistics.median(clickhouse.wall / agents.wall for clickhouse, agents in pairs),
        "ratio_cpu": statistics.median(clickhouse.cpu / agents.cpu for clickhouse, agents in pairs),
        "least": LEAST_OF_AGENTS,
    }
    print(f"genai, shape agents: {found['mb_per_s_in']:.0f} MB/s in, shape clickhouse {found['clickhouse_mb_per_s']:.0f} MB/s: "
          f"{found['ratio']:.2f}x wall, {found['ratio_cpu']:.2f}x CPU, target >= {LEAST_OF_AGENTS}x  "
          f"{verdict(found['ratio'] >= LEAST_OF_AGENTS)}", flush=True)
    return found
