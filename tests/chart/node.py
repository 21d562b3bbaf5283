"""The real agent, started as the rendered pod would have it started: its variables, its files, its
user, a read-only root, no rights; and the container that prepares the folders before it."""

import contextlib
import http.client
import json
import os
import shutil
import socket
import stat
import subprocess
import tempfile
import time

import yaml

from check import contains, skip
from documents import FLUME
from jail import start, why_not
from render import agent, cases, find, render

SLOW = float(os.environ.get("SLOW") or 1)
SCHEMA = """\
version: "1.0.0"
components:
  processors:
    greet: {kind: set, fields: {greeting: hello}}
ref: greet
"""
FIELDS = {
    "spec.nodeName": "node-17.example.org",
    "metadata.name": "flume-abcde",
    "status.podIP": "10.1.2.3",
    "status.hostIP": "10.1.2.1",
    "metadata.labels['topology.kubernetes.io/zone']": "",
}


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait(what, truth, seconds=20):
    end = time.monotonic() + seconds * SLOW
    while not (got := truth()):
        assert time.monotonic() < end, f"never came: {what}"
        time.sleep(0.02)
    return got


class Unix(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("localhost")
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(self.path)


class Node:
    """A node of the cluster: the folders that outlive pods, and a pod at a time."""

    def __init__(self, folder):
        self.folder = folder
        self.pod = None
        self.secrets = {}  # {Secret: {key: text}}
        self.volumes = {}  # {volume of the agent: folder}
        os.chmod(folder, 0o755)
        for name in ("state", "socket"):
            os.mkdir(self.at(name))  # as the kubelet does

    def at(self, name):
        return os.path.join(self.folder, name)

    def run(self, objects):
        """Both containers; returns when the second one runs."""
        spec = find(objects, "DaemonSet")["spec"]["template"]["spec"]
        volumes = {v["name"]: self.volume(v, objects) for v in spec["volumes"]}
        self.volumes = volumes
        for container in spec.get("initContainers", []):
            done = self.start(spec, container, volumes, stderr=subprocess.PIPE, text=True)
            _, err = done.communicate(timeout=20 * SLOW)
            assert done.returncode == 0, err
        self.port = agent(objects)["ports"][0]["containerPort"]
        self.log = self.at("log")
        with open(self.log, "wb") as log:
            self.pod = self.start(spec, spec["containers"][0], volumes, stderr=log)
        # It may still be the shell that makes the root.
        wait("the agent's process", lambda: self.ended() or self.is_flume())

    def command(self, objects, spec, container, command):
        """(exit code, what it said) of a command in such a container."""
        volumes = {v["name"]: self.volume(v, objects) for v in spec["volumes"]}
        container = {**container, "command": command, "args": []}
        out = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
        done = self.start(spec, container, volumes, **out)
        said, _ = done.communicate(timeout=60 * SLOW)
        return done.returncode, said

    def is_flume(self):
        with open(f"/proc/{self.pod.pid}/comm", encoding="utf-8") as file:
            return file.read().strip() == "flume"

    def ended(self):
        return self.pod.poll() is not None

    def start(self, spec, container, volumes, **more):
        mounts = {m["mountPath"]: volumes[m["name"]] for m in container["volumeMounts"]}
        mounts["/opt/flume"] = self.at("bin")
        if not os.path.exists(self.at("bin")):
            os.mkdir(self.at("bin"))
            shutil.copy(FLUME, self.at("bin"))
        env = {}
        for one in container.get("env", []):
            value = one.get("value")
            if value is None:
                value = self.looked_up(one["valueFrom"])
            for name, said in env.items():
                value = value.replace(f"$({name})", said)
            env[one["name"]] = value
        context = {**spec["securityContext"], **container["securityContext"]}
        command = [*container["command"], *container.get("args", [])]
        return start(self.folder, mounts, context, command, env, **more)

    def looked_up(self, place):
        if "fieldRef" in place:
            return FIELDS[place["fieldRef"]["fieldPath"]]
        return self.secrets[place["secretKeyRef"]["name"]][place["secretKeyRef"]["key"]]

    def volume(self, volume, objects):
        """A folder on this machine."""
        name = volume["name"]
        if "hostPath" in volume:
            return self.at(name)
        place = tempfile.mkdtemp(prefix=f"{name}-", dir=self.folder)
        os.chmod(place, 0o755)
        if "configMap" in volume:
            self.put(place, find(objects, "ConfigMap", volume["configMap"]["name"])["data"])
        elif "secret" in volume:
            assert volume["secret"]["optional"]
            has = self.secrets.get(volume["secret"]["secretName"], {})
            items = [i for i in volume["secret"]["items"] if i["key"] in has]
            self.put(place, {i["path"]: has[i["key"]] for i in items})
            spec = find(objects, "DaemonSet")["spec"]["template"]["spec"]
            for item in items:
                path = os.path.join(place, item["path"])
                os.chmod(path, volume["secret"]["defaultMode"])
                os.chown(path, 0, spec["securityContext"]["fsGroup"])
        else:  # emptyDir
            os.chmod(place, 0o777)
        return place

    @staticmethod
    def put(place, data):
        """As the kubelet does: files behind a link that is swapped."""
        version = f"..{time.monotonic_ns()}"
        os.mkdir(os.path.join(place, version))
        for name, text in data.items():
            with open(os.path.join(place, version, name), "w", encoding="utf-8") as file:
                file.write(text)
            with contextlib.suppress(FileExistsError):
                os.symlink(f"..data/{name}", os.path.join(place, name))
        os.chmod(os.path.join(place, version), 0o755)
        os.symlink(version, os.path.join(place, "..data_tmp"))
        os.rename(os.path.join(place, "..data_tmp"), os.path.join(place, "..data"))

    def said(self):
        with open(self.log, encoding="utf-8") as file:
            return file.read()

    def ask(self, path, body=None, host=None, over=None):
        """(status, text); 0 when nobody answers."""
        link = over or http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            link.request("POST" if body else "GET", path, body, {"Host": host} if host else {})
            answer = link.getresponse()
            return answer.status, answer.read().decode()
        except OSError:
            return 0, ""
        finally:
            link.close()

    def up(self, path="/readyz"):
        def fine():
            assert not self.ended(), self.said()
            return self.ask(path)[0] == 200

        try:
            wait(path, fine)
        except AssertionError as why:
            raise AssertionError(f"{why}\n{self.said()}") from None

    def end(self):
        if self.pod and not self.ended():
            self.pod.terminate()
            self.pod.wait(30 * SLOW)


@contextlib.contextmanager
def node():
    if not os.path.exists(FLUME):
        skip(f"there is no {FLUME}: make")
    if why := why_not():
        skip(why)
    with tempfile.TemporaryDirectory(prefix="flume-chart-") as folder:
        one = Node(folder)
        try:
            yield one
        finally:
            one.end()


def values(**more):
    return {"port": free_port(), **more}


def of_a_configmap(**more):
    return render("configmap", values(dir={"schemas": {"hello.yaml": SCHEMA}}, **more))


def test_the_folders_of_the_node_are_given_to_the_agent():
    with node() as one:
        one.run(of_a_configmap(socket={"group": 2000}))
        state, sock = os.stat(one.at("state")), os.stat(one.at("socket"))
        assert (state.st_uid, state.st_gid, stat.S_IMODE(state.st_mode)) == (65532, 65532, 0o700)
        assert (sock.st_uid, sock.st_gid, stat.S_IMODE(sock.st_mode)) == (65532, 2000, 0o2755)
        one.up()
        one.end()
        one.run(of_a_configmap(socket={"group": 3000}))  # again, when they are the agent's already
        one.up()
        assert os.stat(one.at("socket")).st_gid == 3000


def test_the_agent_runs_as_the_pod_says_and_may_do_nothing():
    with node() as one:
        one.run(of_a_configmap())
        one.up()
        with open(f"/proc/{one.pod.pid}/status", encoding="utf-8") as file:
            status = dict(line.split(":\t", 1) for line in file.read().splitlines() if ":\t" in line)
        assert status["Uid"].split() == ["65532"] * 4
        assert int(status["CapPrm"], 16) == int(status["CapBnd"], 16) == 0
        assert status["NoNewPrivs"] == "1"
        about = json.loads(one.ask("/status")[1])
        assert about["node"] == "node-17.example.org"
        assert about["labels"] == {"pod": "flume-abcde", "pod-ip": "10.1.2.3"}, about["labels"]


def test_applications_may_ask_by_every_name_of_the_service():
    with node() as one:
        one.run(of_a_configmap())
        one.up()
        for host in ("flume", "flume.pipes", "flume.pipes.svc", "flume.pipes.svc.cluster.local"):
            status, text = one.ask("/pipelines/hello", b"{}", f"{host}:8410")
            assert (status, json.loads(text)) == (200, {"greeting": "hello"}), f"{host}: {text}"
        assert one.ask("/pipelines/hello", b"{}", "evil.example.org")[0] == 403


def test_the_socket_is_for_the_group_that_the_values_name():
    with node() as one:
        one.run(of_a_configmap(socket={"group": 2000}))
        one.up()
        path = os.path.join(one.at("socket"), "flume.sock")
        made = os.stat(path)
        assert (made.st_gid, stat.S_IMODE(made.st_mode)) == (2000, 0o660)
        assert one.ask("/pipelines/hello", b"{}", over=Unix(path))[0] == 200


def test_a_node_starts_without_etcd_from_what_an_earlier_pod_has_proven():
    with node() as one:
        one.run(of_a_configmap(config={"probation": "1s", "probation-requests": 1}))
        one.up()
        one.ask("/pipelines/hello", b"{}")
        proven = os.path.join(one.at("state"), "proven", "hello")
        wait("a proven schema", lambda: os.path.exists(proven))
        one.end()
        secured = values(etcd={"endpoints": ["https://127.0.0.1:9"], "prefix": "/flume/"})
        one.run(render("secured", {**secured, "etcd": {**secured["etcd"], "auth": {"username": "flume"}}}))
        one.up()
        assert one.ask("/pipelines/hello", b"{}")[0] == 200


def test_a_secret_without_the_named_key_is_said_in_a_line_and_the_node_serves_on():
    with node() as one:
        one.secrets = {"flume-etcd": {"pass": "secret"}, "flume-etcd-tls": {}}
        auth = {"existingSecret": "flume-etcd", "username": "flume"}
        endpoints = ["http://127.0.0.1:9"]
        one.run(render("minimal", values(etcd={"endpoints": endpoints, "auth": auth})))
        one.up("/healthz")
        wait("a line", lambda: "password" in one.said())
        contains(one.said(), "'/etc/flume-etcd-auth/password': No such file or directory")


def test_a_schema_that_was_never_good_does_not_hold_up_a_rollout():
    with node() as one:
        bad = {"hello.yaml": SCHEMA, "bad.yaml": 'version: "1.0.0"\nref: nowhere\n'}
        objects = render("configmap", values(dir={"schemas": bad}))
        asked = agent(objects)["readinessProbe"]["httpGet"]["path"]
        one.run(objects)
        one.up(asked)
        assert one.ask("/readyz")[0] == 503
        assert one.ask("/pipelines/hello", b"{}")[0] == 200


def test_a_state_folder_that_cannot_be_written_is_said_and_the_node_serves():
    with node() as one:
        one.run(of_a_configmap(volumePermissions={"enabled": False}))
        one.up()
        wait("a line", lambda: "/var/lib/flume" in one.said())
        assert one.ask("/pipelines/hello", b"{}")[0] == 200


def test_the_agent_takes_each_option_that_the_values_can_say():
    with node() as one:
        one.secrets = {"flume-token": {"token": "abc"}}
        keep = values(podSecurityContext={"runAsUser": 65532, "runAsGroup": 65532, "fsGroup": 65532})
        etcd = {"endpoints": ["https://127.0.0.1:9"]}
        one.run(render("everything", {**keep, "listenAddress": "127.0.0.1", "etcd": etcd}))
        one.up("/healthz")
        labels = json.loads(one.ask("/status")[1])["labels"]
        assert labels == {"tier": "edge", "pod": "flume-abcde", "zone": ""}, labels


def test_the_configmap_is_reloaded_and_nothing_of_it_waits_for_a_restart():
    with node() as one:
        port = free_port()
        one.run(of_a_configmap(port=port))
        one.up()
        # All options that there are, but for those by which pods are replaced.
        with open(cases()["everything"], encoding="utf-8") as file:
            config = yaml.safe_load(file)["config"]
        restart = {"components", "etcd-silence", "idle", "poll", "record-within", "stream-idle"}
        live = {key: value for key, value in config.items() if key not in restart | {"write-through"}}
        after = find(of_a_configmap(port=port, config=live), "ConfigMap", "flume")
        one.put(one.volumes["config"], after["data"])
        wait("a reload", lambda: "configuration reloaded" in one.said())
        about = json.loads(one.ask("/status")[1])["config"]
        assert about["ok"] and "waits_for_restart" not in about, about
        contains(one.said(), *live)
        assert one.ask("/pipelines/hello", b"{}", "flume.example.org")[0] == 200
        # And those would wait.
        more = {key: config[key] for key in restart}
        text = yaml.safe_dump({**yaml.safe_load(after["data"]["flume.yaml"]), **more})
        one.put(one.volumes["config"], {"flume.yaml": text})
        wait("to be said", lambda: "waits for a restart" in one.said())
        about = json.loads(one.ask("/status")[1])["config"]
        assert set(about["waits_for_restart"]) == set(more), about


def doctor(one, objects):
    """helm test, and the same by kubectl exec; what both said."""
    test = find(objects, "Pod")["spec"]
    container = test["containers"][0]
    yield one.command(objects, test, container, [*container["command"], *container["args"]])
    spec = find(objects, "DaemonSet")["spec"]["template"]["spec"]
    yield one.command(objects, spec, spec["containers"][0], ["flume", "doctor"])


def test_helm_test_is_content_with_a_node_that_is_well():
    with node() as one:
        port = free_port()
        objects = of_a_configmap(port=port, service={"port": port})
        one.run(objects)
        one.up()
        for code, said in doctor(one, objects):
            assert code == 0 and "fail" not in said, said
            assert "config" in said and "flume" in said, said


def test_helm_test_says_that_etcd_cannot_be_reached():
    with node() as one:
        port = free_port()
        etcd = {"endpoints": ["http://127.0.0.1:9"]}
        objects = render("minimal", {"port": port, "service": {"port": port}, "etcd": etcd})
        one.run(objects)
        one.up("/healthz")
        for code, said in doctor(one, objects):
            assert code == 1, said
            contains(said, "fail  etcd", "http://127.0.0.1:9")


def test_a_wrong_component_ends_the_agent_with_a_line_that_says_where():
    with node() as one:
        components = {"channels": {"audit": {"kind": "file", "path": "/x", "max_bites": 1}}}
        one.run(of_a_configmap(config={"components": components}))
        wait("its end", one.ended)
        contains(one.said(), "/etc/flume/flume.yaml:", "max_bites")
