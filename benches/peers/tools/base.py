"""What the adapters share: where a tool works, how its project is written and counted, what an adapter has to answer."""
import json
import re
import shutil

import environments
import spec


class Tool:
    """One way to run the checks of `spec.py`. An adapter overrides `generate`, `cmd` and `parse`."""
    name = "?"
    venv = None             # name of its environment; None: none needed
    packages = []           # whose installed versions are shown
    version_cmd = None      # starts and stops the tool without any work: the cold-start figure
    scales = ("S", "M", "L", "F")
    env = {}                # set on every run; telemetry is switched off here
    note = ""

    @property
    def bin(self):
        """The folder that comes first on the tool's PATH."""
        return environments.folder(self.venv) / "bin"

    def available(self):
        """Whether the tool can be run on this machine."""
        return environments.ready(self.venv)

    def work(self, scale):
        """The project folder, in which the tool runs."""
        return spec.HOME / "work" / scale / self.name

    def prepare(self, scale):
        """Write the project folder anew; the data is linked into it as `bench.duckdb`."""
        self.folder = self.work(scale)
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        (self.folder / "bench.duckdb").symlink_to(spec.database(scale))
        self.files = []
        self.custom = set()      # ids of checks that needed SQL or Python written by hand
        self.helper = set()      # ids of checks served by a macro or audit that the user writes once
        self.unable = set()      # ids of checks that cannot be expressed
        self.generate(scale)
        (self.folder / ".meta.json").write_text(json.dumps(dict(
            files=self.files, custom=sorted(self.custom), helper=sorted(self.helper), unable=sorted(self.unable),
            lines=self.count_lines())))

    def meta(self, scale):
        """What `prepare` learnt about the project that it wrote."""
        return json.loads((self.work(scale) / ".meta.json").read_text())

    def put(self, path, text):
        """Write one file of the project; its lines count as configuration."""
        file = self.folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        self.files.append(path)

    def count_lines(self):
        """Lines of all files that are neither blank nor only a comment."""
        lines = (line.strip() for f in self.files for line in (self.folder / f).read_text().splitlines())
        return sum(1 for line in lines if line and not line.startswith(("#", "--", "{#")))

    def generate(self, scale):
        """Write the project for a scale, with `put`."""
        raise NotImplementedError

    def cmd(self, scale):
        """The command line of one run, in the project folder."""
        raise NotImplementedError

    def parse(self, scale, out):
        """-> {check id: whether it passed}; a check that was not evaluated is left out."""
        raise NotImplementedError

    def clean(self, scale):
        """Before each run, so that no run is served by the results of the last one."""

    def retry_text(self, scale, out):
        """The text in which a user would look for the dates that `spec.RETRY_CHECK` misses."""
        return out


def indent(text, n):
    """Indent every line that is not empty by n spaces."""
    return "\n".join(" " * n + line if line else line for line in text.splitlines())


def parse_rows(out):
    """Verdicts from lines `id|true|...` or `id,true,...`, as the hand-written SQL prints them."""
    found = (re.match(r"(\S+/[\w:]+)[,|](true|false)\b", line) for line in out.splitlines())
    return {m[1]: m[2] == "true" for m in found if m}


def parse_lines(scale, out, pattern, passed):
    """Verdicts from lines that match `pattern`: group 1 is the check's id, group 2 the verdict, `passed` if it passed."""
    ids = {c["id"] for c in spec.checks(scale)}
    found = (re.search(pattern, line) for line in out.splitlines())
    return {m[1]: m[2] == passed for m in found if m and m[1] in ids}
