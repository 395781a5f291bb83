"""What `validate` of OTLP is measured by: `convert` of the same file, one right after the other."""

import statistics

from measuring import run, verdict

# name, signal, is the input JSON, further options, least ratio of the speeds, ratio aimed at
WORKS = (
    ("validate spans, protobuf", "spans", False, (), 0.8, 1.5),
    ("validate spans, --cross", "spans", False, ("--cross",), 0.8, None),
    ("validate logs, protobuf", "logs", False, (), 0.8, None),
    ("validate metrics, protobuf", "metrics", False, (), 0.8, None),
    ("validate spans, JSON", "spans", True, ("--strict",), 0.8, None),
)


def measure_validate(options, bench):
    print(f"{'':<27} {'MB/s':>7} {'convert':>8} {'ratio':>7} {'ratio':>7}")
    print(f"{'work':<27} {'in':>7} {'MB/s in':>8} {'wall':>7} {'CPU':>7}  target")
    rows = []
    for name, signal, is_json, further, least, aim in WORKS:
        source = bench.json_lines(signal) if is_json else bench.framed(signal)
        # The corpus has random parents, so --cross finds much.
        validate = [bench.gf_otlp, "validate", "--threads", "1", "--progress", "never", "--fail-on", "never", "-q",
                    "-o", "/dev/null", *further, source]
        pairs = [(run(validate), run(bench.convert(source))) for _ in range(options.pairs)]
        megabytes = source.stat().st_size / 1e6
        row = {
            "work": name,
            "mb_per_s_in": megabytes / statistics.median(ours.wall for ours, _ in pairs),
            "convert_mb_per_s": megabytes / statistics.median(convert.wall for _, convert in pairs),
            "ratio": statistics.median(convert.wall / ours.wall for ours, convert in pairs),
            "ratio_cpu": statistics.median(convert.cpu / ours.cpu for ours, convert in pairs),
            "least": least,
            "aim": aim,
        }
        rows.append(row)
        target = f">= {least}" + (f" (aim {aim})" if aim else "")
        print(f"{name:<27} {row['mb_per_s_in']:7.0f} {row['convert_mb_per_s']:8.0f} {row['ratio']:7.2f} "
              f"{row['ratio_cpu']:7.2f}  {target:<18} {verdict(row['ratio'] >= least)}", flush=True)
    print()
    return rows
