"""Check the JSON line that a ten-second `sharpkd run --json` ends with; standard input is its output."""

import json
import sys

summary = json.loads(sys.stdin.read().strip().splitlines()[-1])
print(json.dumps(summary, indent=2))

wrong = []
if summary["frames"] < 200:
    wrong.append(f"{summary['frames']} frames sent in 10 s, expected at least 200")
if summary["fresh"] < 100:
    wrong.append(f"only {summary['fresh']} of them new pictures, expected at least 100")
if not 200 <= summary["kbps"] <= 500:
    wrong.append(f"the link made {summary['kbps']} kbps, expected 350 give or take")
if summary["age_ms"]["p95"] > 500:
    wrong.append(f"frame age p95 {summary['age_ms']['p95']} ms, expected under 500 even on a busy machine")
if not {"link", "restore"} <= set(summary["stage_ms"]):
    wrong.append(f"stages {list(summary['stage_ms'])}, expected link and restore")
if not summary["model"] or not summary["provider"].endswith("ExecutionProvider"):
    wrong.append(f"model {summary['model']!r} on {summary['provider']!r}: no student ran")
sys.exit("\n".join(wrong) or 0)
