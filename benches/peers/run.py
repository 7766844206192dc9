#!/usr/bin/env python3
"""Run every installed tool on the same file and the same checks; print a markdown table.

  python run.py S                        all tools, 5 rounds
  python run.py M --rounds 2 --ref floor-py --ref-every 4 --tools gapgate,floor-py,soda4-api
  python run.py S --facts                versions, sizes, cold starts, statement counts (not timed against each other)

Tools take turns within a round, and a reference (--ref) is run right before each of them, so that a figure and its reference see
the same machine; the ratio columns are medians of those pairs. CPU is the steadier figure on a shared machine. At S every tool is
run once uncounted right before: a machine that pages out what it has not used for a minute would show the disk, not the tool.
"""
import argparse
import json
import statistics
import sys
from pathlib import Path

import spec
from facts import facts_table
from measure import judge, measure
from tools import ALL

COLUMNS = ["tool", "wall s median (min-max)", "cpu s", "peak RSS MB", "x ref wall", "x ref cpu", "checks evaluated",
           "built-in / own macro / own SQL", "planted found", "extra fails", "retry dates shown", "config lines"]


def arguments(argv):
    a = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    a.add_argument("scale", choices=list("SMLF"))
    a.add_argument("--rounds", type=int, default=5)
    a.add_argument("--tools", default="", help="names, separated by commas; all that are installed if not given")
    a.add_argument("--skip", default="", help="names to leave out")
    a.add_argument("--ref", default="fused-cli")
    a.add_argument("--ref-every", type=int, default=1, help="run the reference before every N-th tool")
    a.add_argument("--timeout", type=int, default=600, help="seconds after which a run is stopped and its tool left out")
    a.add_argument("--facts", action="store_true")
    a.add_argument("--out", default="", help="also write the table to this file, and every run to this file with .json added")
    return a.parse_args(argv)


def chosen(args):
    """The tools that were asked for, are installed and know the scale."""
    names = [n for n in args.tools.split(",") if n]
    skip = args.skip.split(",")
    tools = [t for t in ALL if args.scale in t.scales and t.name not in skip and (not names or t.name in names) and t.available()]
    for name in sorted(set(names) - {t.name for t in tools}):
        print(f"not available: {name}", file=sys.stderr)
    if not tools:
        sys.exit("no tool to run")
    return tools


def rounds(tools, ref, args, truth):
    """-> (every counted run of each tool, its ratios to the reference, the tools that ran into the time limit)"""
    runs, pairs, stopped = {t.name: [] for t in tools}, {t.name: [] for t in tools}, set()
    for n in range(args.rounds):
        order = tools[n % len(tools):] + tools[:n % len(tools)]
        for i, tool in enumerate(t for t in order if t.name not in stopped):
            if args.scale == "S":
                measure(tool, args.scale, args.timeout)
            if i % args.ref_every == 0:
                before = measure(ref, args.scale, args.timeout)
            r = measure(tool, args.scale, args.timeout)
            r.update(judge(tool, args.scale, r.pop("out"), truth))
            print(f"{n} {tool.name}: wall {r['wall']:.2f} cpu {r['cpu']:.2f} rss {r['rss_mb']:.0f} evaluated "
                  f"{r['evaluated']} found {r['found']} extra {r['extra']} rc {r['rc']}", file=sys.stderr, flush=True)
            if r["rc"] == -9 or r["wall"] >= args.timeout:
                stopped.add(tool.name)
            runs[tool.name].append(r)
            pairs[tool.name].append((r["wall"] / before["wall"], r["cpu"] / before["cpu"]))
    return runs, pairs, stopped


def table(tools, ref, args, truth, measured):
    """-> markdown: what the figures are of, then one row per tool."""
    runs, pairs, stopped = measured
    lines = [f"scale {args.scale}: {truth['rows']:,} rows, {truth['bytes'] / 1e6:.0f} MB, {truth['checks']} checks, {truth['planted']} "
             f"planted to fail; {args.rounds} rounds; ratios against {ref.name}, pair by pair", "",
             "| " + " | ".join(COLUMNS) + " |", "|" + "---|" * len(COLUMNS)]
    for t in tools:
        if runs[t.name]:
            ratios = ("1", "1") if t is ref else [f"{statistics.median(p[i] for p in pairs[t.name]):.1f}" for i in (0, 1)]
            label = t.name + (" (stopped at the time limit)" if t.name in stopped else "")
            lines.append("| " + " | ".join([label, *row(runs[t.name], ratios, t.meta(args.scale), truth)]) + " |")
    return "\n".join(lines)


def row(runs, ratios, meta, truth):
    """The cells of one tool, after its name."""
    med = {k: statistics.median(r[k] for r in runs) for k in ("wall", "cpu", "rss_mb")}
    last = runs[-1]
    custom, helper, unable = (len(meta[k]) for k in ("custom", "helper", "unable"))
    return [f"{med['wall']:.2f} ({min(r['wall'] for r in runs):.2f}-{max(r['wall'] for r in runs):.2f})", f"{med['cpu']:.2f}",
            f"{med['rss_mb']:.0f}", *ratios, f"{last['evaluated']}/{truth['checks']}",
            f"{truth['checks'] - custom - helper - unable} / {helper} / {custom}", f"{last['found']}/{truth['planted']}",
            str(last["extra"]), f"{last['retry']}/{last['want']}" if last["want"] else "-", str(meta["lines"])]


def main(argv=None):
    """Run, print and write; returns the markdown."""
    args = arguments(argv)
    tools = chosen(args)
    if args.facts:
        text = facts_table(tools, args.scale, args.timeout)
    else:
        truth = json.loads(spec.truth_file(args.scale).read_text())
        ref = next(t for t in ALL if t.name == args.ref)
        for t in dict.fromkeys(tools + [ref]):
            t.prepare(args.scale)
        measured = rounds(tools, ref, args, truth)
        text = table(tools, ref, args, truth, measured)
        if args.out:
            Path(args.out + ".json").write_text(json.dumps(dict(runs=measured[0], pairs=measured[1]), indent=1))
    print(text, flush=True)
    if args.out:
        Path(args.out).write_text(text + "\n")
    return text


if __name__ == "__main__":
    main()
