import { spawnSync } from "node:child_process";
import {
  chmodSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  realpathSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { helperPath } from "../../../src/lab/helper.ts";

/** What the labs run, and what runs them. */
export const PROGRAMS = [
  "busybox",
  "ip",
  "bridge",
  "iptables-restore",
  "iptables-save",
  "ip6tables-restore",
  "ip6tables-save",
  "ebtables",
  "ipset",
  "wg",
  "python3",
] as const;

/** Everything that a step may make the kernel ask for; loaded at once, because nothing can be asked for later. */
const MODULES = [
  ...["virtio_pci", "virtio_blk", "veth", "tun", "dummy", "bridge", "br_netfilter", "vxlan", "ipip", "wireguard"],
  ...["nf_tables", "nft_compat", "nft_chain_nat", "nf_conntrack", "nf_nat", "nf_conntrack_netlink", "ip_set"],
  ...["ip_set_hash_net", "xt_tcpudp", "xt_conntrack", "xt_comment", "xt_mark", "xt_set", "xt_addrtype", "xt_multiport"],
  ...[
    "xt_MASQUERADE",
    "xt_nat",
    "nft_masq",
    "nft_nat",
    "ipt_rpfilter",
    "ip6t_rpfilter",
    "nft_fib_ipv4",
    "nft_fib_inet",
    "nft_fib_ipv6",
    "nft_reject_ipv6",
    "ip6t_REJECT",
    "nf_reject_ipv6",
    "ebt_ip6",
  ],
  ...["xt_statistic", "nft_ct", "nft_log", "nft_limit", "nft_reject", "nft_reject_ipv4", "ipt_REJECT", "xt_connmark"],
  ...[
    "ebtables",
    "ebtable_filter",
    "ebt_ip",
    "nft_meta_bridge",
    "nft_reject_bridge",
    "xt_physdev",
    "xt_CT",
    "xt_limit",
  ],
];

/** Fills a folder with the root of a guest: installed programs with their libraries, modules of its kernel, the helper. */
export function layRoot(root: string, kernel: string): void {
  for (const folder of ["proc", "sys", "dev", "run", "tmp", "labs", "programs", "usr"]) {
    mkdirSync(join(root, folder), { recursive: true });
  }
  // Where /lib leads to /usr/lib here, it does there.
  for (const name of ["bin", "sbin", "lib", "lib64"]) {
    if (existsSync(`/${name}`) && lstatSync(`/${name}`).isSymbolicLink()) {
      mkdirSync(join(root, "usr", name), { recursive: true });
      symlinkSync(join("usr", name), join(root, name));
    }
  }
  writeFileSync(
    join(root, "modules"),
    layModules(root, kernel)
      .map((file) => `${file}\n`)
      .join(""),
  );
  cpSync(join(import.meta.dirname, "init"), join(root, "init"));
  chmodSync(join(root, "init"), 0o755);
  const programs = PROGRAMS.map((name) => [name, name === "python3" ? python() : programPath(name)] as const);
  const files = new Set(programs.map(([, file]) => file));
  for (const file of [...pythonFiles(), ...plugins([...files])]) files.add(file);
  for (const file of [...files]) for (const library of libraries(file)) files.add(library);
  // Names of protocols, which rules use.
  for (const file of ["/etc/ethertypes", "/etc/protocols"]) if (existsSync(file)) files.add(file);
  for (const file of files) place(root, file);
  for (const [name, file] of programs) symlinkSync(file, join(root, "programs", name));
  symlinkSync("/programs/busybox", join(root, "programs/sh"));
  cpSync(helperPath(), join(root, "programs/helper.py"));
  // Files are as old as the guest there: compiled code that trusts no date is not compiled again.
  said(["python3", "-m", "compileall", "-q", "-f", "--invalidation-mode", "unchecked-hash", root]);
}

function programPath(name: string): string {
  const found = said(["sh", "-c", 'command -v "$1"', "sh", name]);
  return realpathSync(found.trim());
}

/** What `python3` is in the end: a wrapper of a version manager would look for its versions. */
function python(): string {
  return realpathSync(said(["python3", "-c", "import sys; print(sys.executable)"]).trim());
}

/** The files of the modules that the helper imports, those that Python itself starts with among them. */
function pythonFiles(): readonly string[] {
  const program = `
import sys
sys.argv = ["helper.py"]
sys.path.insert(0, ${JSON.stringify(dirname(helperPath()))})
import helper
for module in list(sys.modules.values()):
    path = getattr(module, "__file__", None)
    if path and not path.startswith(${JSON.stringify(dirname(helperPath()))}):
        print(path)
`;
  const files = said(["python3", "-B", "-c", program]).split("\n").filter(Boolean);
  const prefix = said(["python3", "-c", "import os; print(os.__file__)"]).trim();
  return [...files, prefix].filter((file) => existsSync(file));
}

/** The matches and targets of iptables, beside the library that loads them. */
function plugins(programs: readonly string[]): readonly string[] {
  const folders = programs
    .flatMap(libraries)
    .flatMap((file) => (/libxtables/.test(file) ? [join(dirname(file), "xtables")] : []));
  return [...new Set(folders)].flatMap((folder) => readdirSync(folder).map((file) => join(folder, file)));
}

function libraries(file: string): readonly string[] {
  const { stdout } = spawnSync("ldd", [file], { encoding: "utf8" });
  return [...stdout.matchAll(/(?:=> )?(\/\S+) \(0x/g)].flatMap(([, path]) => (path === undefined ? [] : [path]));
}

/** A file at its own path, whatever links lead to it. */
function place(root: string, file: string): void {
  const to = join(root, file);
  if (existsSync(to)) return;
  mkdirSync(dirname(to), { recursive: true });
  cpSync(realpathSync(file), to);
}

/** Copies the modules with all they need; their files in the order in which they can be loaded. */
function layModules(root: string, kernel: string): readonly string[] {
  const [release = ""] = readdirSync(join(kernel, "lib/modules"));
  said(["busybox", "depmod", "-b", kernel, release]);
  const folder = join(kernel, "lib/modules", release);
  const needs = new Map<string, readonly string[]>();
  for (const line of said(["cat", join(folder, "modules.dep")]).split("\n")) {
    const [file = "", rest = ""] = line.split(":");
    needs.set(file, rest.trim().split(" ").filter(Boolean));
  }
  const byName = new Map([...needs.keys()].map((file) => [basename(file, ".ko").replaceAll("-", "_"), file]));
  const ordered = new Set<string>();
  const take = (file: string) => {
    for (const need of needs.get(file) ?? []) take(need);
    ordered.add(file);
  };
  for (const name of MODULES) {
    const file = byName.get(name);
    if (file !== undefined) take(file);
  }
  for (const file of ordered) {
    mkdirSync(dirname(join(root, "lib/modules", file)), { recursive: true });
    cpSync(join(folder, file), join(root, "lib/modules", file));
  }
  return [...ordered].map((file) => join("/lib/modules", file));
}

function said(argv: readonly string[]): string {
  const [program = "", ...args] = argv;
  const done = spawnSync(program, args, { encoding: "utf8" });
  if (done.status !== 0) throw new Error(`${argv.join(" ")}: ${done.stderr}`);
  return done.stdout;
}
