# SPDX-License-Identifier: Apache-2.0
"""Compose, GitHub Actions and Kubernetes files: against their published schemas, and against what the image really is.
No cluster, no GitHub and no Compose runs them here. STATOR_SCHEMAS is a folder with the two validators."""
import os
import pathlib
import re
import subprocess
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
SCHEMAS = pathlib.Path(os.environ.get("STATOR_SCHEMAS", ROOT / "build/image-venv/bin"))
KUBERNETES = "1.34"


def validate(tool, *arguments):
    path = SCHEMAS / tool
    if not path.exists():
        raise unittest.SkipTest(f"{tool} is not installed: pip's index is out of reach")
    done = subprocess.run([str(path), *map(str, arguments)], capture_output=True, text=True, timeout=100, check=False)
    return done.returncode, done.stdout + done.stderr


def text_of(name):
    return (DEPLOY / name).read_text(encoding="utf-8")


class Schemas(unittest.TestCase):
    def assert_finds(self, name, change, tool, *arguments):
        """The file is right, and one with a change is not: the validator looks."""
        self.assertEqual(validate(tool, *arguments, DEPLOY / name)[0], 0, validate(tool, *arguments, DEPLOY / name)[1])
        right, wrong = change
        self.assertIn(right, text_of(name))
        broken = ROOT / "build" / f"broken-{name}"
        broken.write_text(text_of(name).replace(right, wrong), encoding="utf-8")
        self.addCleanup(broken.unlink)
        self.assertNotEqual(validate(tool, *arguments, broken)[0], 0)

    def test_compose(self):
        self.assert_finds("compose.yaml", ("read_only: true", "readonly: true"),
                          "check-jsonschema", "--builtin-schema", "vendor.compose-spec")

    def test_github_actions(self):
        self.assert_finds("github-actions.yaml", ("runs-on:", "runs_on:"),
                          "check-jsonschema", "--builtin-schema", "vendor.github-workflows")

    def test_kubernetes(self):
        self.assert_finds("kubernetes.yaml", ("containerPort: 8000", "containerPort: eight"),
                          "kubernetes-validate", "--strict", "--kubernetes-version", KUBERNETES)


class Agreement(unittest.TestCase):
    """What they say about the image is so."""

    def test_with_the_image(self):
        dockerfile = text_of("Dockerfile")
        version = re.search(r"project\(stator VERSION (\S+)", (ROOT / "CMakeLists.txt").read_text(encoding="utf-8"))[1]
        self.assertEqual(set(re.findall(r"ARG VERSION=(\S+)", dockerfile)), {version})
        for name in "github-actions.yaml", "kubernetes.yaml":
            self.assertEqual(re.findall(r"image: \S+/stator:(\S+)", text_of(name)), [version])
        self.assertIn("VOLUME /data", dockerfile)
        self.assertIn("data:/data", text_of("compose.yaml"))
        self.assertIn("mountPath: /data", text_of("kubernetes.yaml"))
        user = re.findall(r"^USER (\d+):", dockerfile, re.MULTILINE)[-1]
        self.assertIn(f"runAsUser: {user}\n", text_of("kubernetes.yaml"))

    def test_base_is_pinned(self):
        """By its digest. (The tests build on a stand-in, for no registry is in reach.)"""
        self.assertRegex(text_of("Dockerfile"), r"(?m)^ARG BASE=debian:bookworm-slim@sha256:[0-9a-f]{64}$")

    def test_who_reaches_it(self):
        """Compose and GitHub's runner: this machine alone. Kubernetes: pods with the label."""
        for line in re.findall(r'^\s*- "?([\d.:]*:8000)"?$', text_of("compose.yaml"), re.MULTILINE):
            self.assertRegex(line, r"^127\.0\.0\.1:")
        self.assertIn('- "127.0.0.1:8000:8000"', text_of("compose.yaml"))
        parts = {re.search(r"^kind: (\w+)", part, re.MULTILINE)[1]: part
                 for part in re.split(r"^---$", text_of("kubernetes.yaml"), flags=re.MULTILINE)}
        policy, pods = parts["NetworkPolicy"], parts["StatefulSet"]
        labels = r"matchLabels: (\{app\.kubernetes\.io/name: stator\})"
        self.assertEqual(re.search(labels, policy)[1], re.search(labels, pods)[1])
        self.assertIn("policyTypes: [Ingress, Egress]", policy)
        self.assertEqual(re.findall(r"- (\w+):\n\s+matchLabels: (.*)", policy), [("podSelector", '{stator-client: "true"}')])
        self.assertNotRegex(policy, r"namespaceSelector: *\{\}|ipBlock|- from: *\[\]|podSelector: *\{\}")
        port = re.search(r"- port: (\w+)", policy)[1]
        self.assertIn(f"- name: {port}\n              containerPort: 8000", pods)

    def test_trouble_with_the_disk_ends_no_pod(self):
        """Reads go on then, and tests/wire has `GET /` answer."""
        probes = re.findall(r"(\w+)Probe:.*\n +httpGet: \{path: (\S+), port: http\}", text_of("kubernetes.yaml"))
        self.assertEqual(sorted(probes), [("liveness", "/"), ("readiness", "/"), ("startup", "/")])

    def test_unit_has_bounds(self):
        for line in "LimitCORE=0", "MemoryMax=4G", "TasksMax=512", "UMask=0077", "LimitNOFILE=65536":
            self.assertIn(f"\n{line}\n", text_of("stator.service"))


if __name__ == "__main__":
    unittest.main()
