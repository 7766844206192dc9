"""Run one tool once and measure the whole process; judge what it said against the planted truth."""
import os
import signal
import subprocess
import tempfile
import time

import spec


def environment(tool):
    """The variables a tool runs with: the caller's, the tool's own, and its folder first on the PATH."""
    env = {k: v for k, v in os.environ.items() if not k.startswith(("GAPGATE", "PYTHONPATH"))}
    env.update(tool.env)
    env["PATH"] = f"{tool.bin}:{env['PATH']}"
    return env


def timed(cmd, timeout=None, **how):
    """-> wall and CPU seconds, peak resident set in MB, and exit status of a command with all children it waited for.

    The resident set is that of the largest single process. A command that runs into the time limit has status -9."""
    start = time.monotonic()
    p = subprocess.Popen(cmd, stdin=subprocess.DEVNULL, start_new_session=True, **how)
    signal.signal(signal.SIGALRM, lambda *_: os.killpg(p.pid, signal.SIGKILL))
    signal.alarm(timeout or 0)
    _, status, used = os.wait4(p.pid, 0)
    signal.alarm(0)
    p.returncode = os.waitstatus_to_exitcode(status)
    return dict(wall=time.monotonic() - start, cpu=used.ru_utime + used.ru_stime, rss_mb=used.ru_maxrss / 1024, rc=p.returncode)


def measure(tool, scale, timeout, env=None):
    """-> what `timed` gives, and the tool's output as `out`."""
    tool.clean(scale)
    with tempfile.TemporaryFile() as f:
        r = timed(tool.cmd(scale), timeout, cwd=tool.work(scale), env=env or environment(tool), stdout=f, stderr=subprocess.STDOUT)
        f.seek(0)
        r["out"] = f.read().decode(errors="replace")
    return r


def judge(tool, scale, out, truth):
    """-> checks evaluated, planted faults found, failures that were not planted, dates to retry that were shown."""
    got = tool.parse(scale, out)
    failed = {i for i, passed in got.items() if not passed}
    want = truth["fail"].get(spec.RETRY_CHECK, [])
    text = tool.retry_text(scale, out) if want else ""
    return dict(evaluated=len(got), found=len(failed & set(truth["fail"])), extra=len(failed - set(truth["fail"])),
                retry=sum(1 for d in want if d in text), want=len(want))
