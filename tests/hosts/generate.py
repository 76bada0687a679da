#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""tests/hosts/generate.py DIR COUNT

Writes a captured host with COUNT VMs into DIR, which must not exist: as many likenesses of the VM
db1 of libvirt-systemd-v2, each with process ids, thread ids, name, uuid and cgroup of its own. What
is equal for all is one file with many links, so that ten thousand VMs take seconds and little
space. The same COUNT gives the same bytes.
"""
import os
import re
import shutil
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
TEMPLATE = os.path.join(HERE, "libvirt-systemd-v2")
TEMPLATE_NAME = "db1"
SLICE = "sys/fs/cgroup/machine.slice"
DEBUGFS = "sys/kernel/debug/kvm"
FIRST_PID = 10000
PIDS_A_VM = 16  # the process and its threads, and room between


class Likeness:
    """What tells one VM from the template, and how the template's texts become its own."""

    def __init__(self, template, number):
        self.name = f"vm{number:05d}"
        first = FIRST_PID + number * PIDS_A_VM
        self.ids = {old: str(first + at) for at, old in enumerate(template.ids)}
        self.pid = self.ids[template.pid]
        self.scope = f"machine-qemu\\x2d{number + 1}\\x2d{self.name}.scope"
        self.words = [
            (template.scope, self.scope),
            (f"guest={TEMPLATE_NAME},", f"guest={self.name},"),
            (f"domain-{template.domain}-{TEMPLATE_NAME}", f"domain-{number + 1}-{self.name}"),
            (template.uuid, f"{number:08x}-0000-4000-8000-{number:012x}"),
        ]
        self.start_ticks = str(1000 + number)

    def text(self, text):
        for old, new in self.words:
            text = text.replace(old, new)
        return text

    def id_lines(self, text):
        """status: the lines that hold process and thread ids."""
        return re.sub(r"^(Tgid|Pid|NStgid|NSpid|NSpgid|NSsid):\t(\d+)",
                      lambda line: f"{line[1]}:\t{self.ids.get(line[2], line[2])}", text, flags=re.M)

    def stat(self, text):
        """stat: the first field, and the start time, the 20th behind the name."""
        head, tail = text.rsplit(")", 1)
        number, name = head.split(" ", 1)
        fields = tail.split(" ")
        fields[20] = self.start_ticks
        return f"{self.ids[number]} {name}){' '.join(fields)}"


class Template:
    def __init__(self, root):
        self.root = root
        self.pid = next(name for name in sorted(os.listdir(os.path.join(root, "proc")))
                        if name.isdigit() and f"guest={TEMPLATE_NAME}," in self.read(f"proc/{name}/cmdline"))
        tasks = sorted(os.listdir(os.path.join(root, "proc", self.pid, "task")), key=int)
        self.ids = [self.pid] + [tid for tid in tasks if tid != self.pid]
        self.scope = re.search(r"/machine\.slice/([^/\n]*)", self.read(f"proc/{self.pid}/cgroup"))[1]
        self.domain = re.search(r"qemu\\x2d(\d+)\\x2d", self.scope)[1]
        self.uuid = re.search(r"-uuid\0([^\0]*)", self.read(f"proc/{self.pid}/cmdline"))[1]
        self.kvm = next(name for name in os.listdir(os.path.join(root, DEBUGFS))
                        if name.split("-")[0] in self.ids)

    def read(self, path):
        try:
            with open(os.path.join(self.root, path), encoding="utf-8") as file:
                return file.read()
        except OSError:
            return ""

    def tree(self, top):
        """Directories and files below top, relative to it, parents first."""
        for directory, names, files in os.walk(os.path.join(self.root, top)):
            here = os.path.relpath(directory, os.path.join(self.root, top))
            links = [name for name in names if os.path.islink(os.path.join(directory, name))]
            yield (here, True)
            for name in files + links:
                yield (os.path.normpath(os.path.join(here, name)), False)


def own_text(template, path):
    """How a file of the template becomes a likeness's own; None: it is the same for all."""
    name = os.path.basename(path)
    if path.startswith(DEBUGFS):
        return (lambda vm, text: f"{vm.ids[text.strip()]}\n") if name == "pid" else None
    if not path.startswith("proc/"):
        return None
    return {"stat": Likeness.stat, "status": Likeness.id_lines,
            "cgroup": Likeness.text, "cmdline": Likeness.text}.get(name)


class Part:
    """A tree of the template that every VM has: where each entry of it goes."""

    def __init__(self, template, top, shared):
        self.top = top
        self.directories = []
        self.same = []   # (shared file, path)
        self.own = []    # (function, text, path)
        for path, is_directory in template.tree(top):
            whole = os.path.normpath(os.path.join(top, path))
            function = own_text(template, whole)
            if is_directory:
                self.directories.append(path)
            elif os.path.islink(os.path.join(template.root, whole)) or function is None:
                self.same.append((os.path.join(shared, whole), path))
            else:
                self.own.append((function, template.read(whole), path))

    def write(self, vm, target):
        def place(path):
            return os.path.normpath(os.path.join(
                target, "/".join(vm.ids.get(part, part) for part in path.split("/"))))
        for path in self.directories:
            os.mkdir(place(path))
        for source, path in self.same:
            os.link(source, place(path), follow_symlinks=False)
        for function, text, path in self.own:
            with open(place(path), "w", encoding="utf-8") as file:
                file.write(function(vm, text))


def vms_of(root):
    """Directories of the template that belong to its own VMs, whatever they are called."""
    proc = os.path.join(root, "proc")
    for name in os.listdir(proc):
        if name.isdigit() and os.path.isdir(os.path.join(proc, name, "fd")):
            yield os.path.join("proc", name)
    for top in (SLICE, DEBUGFS):
        for name in os.listdir(os.path.join(root, top)):
            if name.endswith(".scope") or re.match(r"\d+-\d+$", name):
                yield os.path.join(top, name)


def generate(target, count):
    template = Template(TEMPLATE)
    os.mkdir(target)
    shared = os.path.join(target, "shared")
    shutil.copytree(TEMPLATE, shared, symlinks=True)
    parts = [(Part(template, f"proc/{template.pid}", shared), lambda vm: f"proc/{vm.pid}"),
             (Part(template, f"{SLICE}/{template.scope}", shared), lambda vm: f"{SLICE}/{vm.scope}"),
             (Part(template, f"{DEBUGFS}/{template.kvm}", shared),
              lambda vm: f"{DEBUGFS}/{vm.ids[template.kvm.split('-')[0]]}-{template.kvm.split('-')[1]}")]
    # The host is the template without its VMs; those stay in `shared` until all are linked.
    without = {os.path.join(TEMPLATE, path) for path in vms_of(TEMPLATE)}
    shutil.copytree(TEMPLATE, target, symlinks=True, dirs_exist_ok=True,
                    ignore=lambda directory, names: {name for name in names if
                                                     os.path.join(directory, name) in without})
    for number in range(count):
        vm = Likeness(template, number)
        for part, place in parts:
            part.write(vm, os.path.join(target, place(vm)))
    shutil.rmtree(shared)
    about = os.path.join(target, "about")
    with open(about, encoding="utf-8") as file:
        text = re.sub(r"^vms \d+$", f"vms {count}", file.read(), flags=re.M)
    with open(about, "w", encoding="utf-8") as file:
        file.write(text)


def main(arguments):
    if len(arguments) != 2 or not arguments[1].isdigit():
        print(__doc__.strip().splitlines()[0], file=sys.stderr)
        return 2
    if os.path.exists(arguments[0]):
        print(f"{arguments[0]} is there already", file=sys.stderr)
        return 1
    generate(arguments[0], int(arguments[1]))
    return 0


sys.exit(main(sys.argv[1:]))
