"""Fuzz one target, or each in turn, guided by coverage: `python tests/fuzz/run_atheris.py TARGET --seconds 60`.

Needs `pip install atheris hypothesis ".[prompts]"`; atheris has wheels for Linux. An input that breaks a target is
stored in the folder of findings, and the exit status is not 0: add it to the target's SEEDS with the fix. The corpus is
kept for the next run.
"""

import argparse
import hashlib
import subprocess
import sys
from pathlib import Path

import atheris

_HERE = Path(__file__).parent
_NAMES = sorted(path.stem for path in (_HERE / "targets").glob("[a-z]*.py"))
_SLOWEST = 20
_LONGEST = 4096


def main() -> None:
    arguments = _arguments()
    if arguments.target == "all":
        sys.exit(max([_run(name, arguments) for name in _NAMES]))
    with atheris.instrument_imports(include=["azure.ai.inference"]):
        from targets import TARGETS
    target = TARGETS[arguments.target]
    corpus = arguments.corpus / arguments.target
    findings = arguments.corpus / "findings"
    for folder in (corpus, findings):
        folder.mkdir(parents=True, exist_ok=True)
    for seed in target.seeds:
        (corpus / hashlib.sha256(seed).hexdigest()[:16]).write_bytes(seed)
    options = {
        **({"runs": arguments.runs, "seed": 1} if arguments.runs else {"max_total_time": arguments.seconds}),
        "timeout": _SLOWEST,
        "max_len": _LONGEST,
        "artifact_prefix": f"{findings}/{arguments.target}-",
        "print_final_stats": 1,
    }
    atheris.Setup([sys.argv[0], *(f"-{name}={value}" for name, value in options.items()), str(corpus)], target.check)
    atheris.Fuzz()


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("target", choices=["all", *_NAMES])
    parser.add_argument("--seconds", type=int, default=60, help="how long, for each target (default: 60)")
    parser.add_argument("--runs", type=int, help="how many inputs instead, drawn alike each time, as in CI")
    parser.add_argument("--corpus", type=Path, default=_HERE / "corpus", help="where inputs are kept between runs")
    return parser.parse_args()


def _run(name: str, arguments: argparse.Namespace) -> int:
    """Run one target in its own process, since the engine ends its process; print a summary, or everything if it
    fails."""
    length = ["--runs", str(arguments.runs)] if arguments.runs else ["--seconds", str(arguments.seconds)]
    command = [sys.executable, __file__, name, *length, "--corpus", str(arguments.corpus)]
    done = subprocess.run(command, check=False, capture_output=True, text=True, errors="replace")
    told = [line for line in done.stderr.splitlines() if line.startswith("Done ")]
    print(f"{name}: {told[0]}" if told and not done.returncode else f"{name}:\n{done.stdout}{done.stderr}", flush=True)
    return abs(done.returncode)


if __name__ == "__main__":
    main()
