import { spawn, spawnSync } from "node:child_process";
import { closeSync, openSync, readdirSync, readFileSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Room for the archive of answers; the file has holes until it is written. */
const DISK_BYTES = 2 * 1024 ** 3;

/**
 * Boots a kernel with a folder as its root, under software emulation, until it powers off; the answers are then unpacked
 * over `labs`. Time in the guest counts instructions: nothing is late there however busy this machine is, and waiting
 * takes no time. Answers what the guest said.
 */
export async function boot(root: string, kernel: string, work: string): Promise<string> {
  const initrd = join(work, "initrd");
  const disk = join(work, "disk");
  pack(root, initrd);
  writeFileSync(disk, "");
  truncateSync(disk, DISK_BYTES);
  const image = readdirSync(join(kernel, "boot")).find((file) => file.startsWith("vmlinuz-"));
  const console = join(work, "console");
  // It is in no hurry: what runs beside it may be.
  await finished("nice", [
    ...["-n", "10", "qemu-system-x86_64"],
    ...["-accel", "tcg", "-icount", "shift=0,sleep=off", "-cpu", "qemu64", "-smp", "1", "-m", "1024"],
    ...["-nodefaults", "-no-user-config", "-display", "none", "-serial", `file:${console}`, "-no-reboot"],
    ...["-kernel", join(kernel, "boot", image ?? ""), "-initrd", initrd],
    ...["-append", "console=ttyS0 quiet panic=-1 mitigations=off nokaslr fb_tunnels=none"],
    ...["-drive", `if=none,id=disk,format=raw,file=${disk}`, "-device", "virtio-blk-pci,drive=disk"],
  ]);
  const said = readFileSync(console, "utf8");
  if (!said.includes("guest: done")) throw new Error(`the guest did not come to its end:\n${said.slice(-4000)}`);
  const unpacked = spawnSync("tar", ["-xf", disk, "-C", join(root, "labs")], { encoding: "utf8" });
  if (unpacked.status !== 0) throw new Error(`the guest's answers are no archive: ${unpacked.stderr}`);
  return said;
}

function pack(root: string, initrd: string): void {
  const out = openSync(initrd, "w");
  const done = spawnSync("sh", ["-c", "find . | busybox cpio -o -H newc 2>/dev/null"], {
    cwd: root,
    stdio: ["ignore", out, "inherit"],
  });
  closeSync(out);
  if (done.status !== 0) throw new Error("the guest's root cannot be packed");
}

/** Waits until a program has ended. */
function finished(program: string, args: readonly string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: ["ignore", "ignore", "inherit"] });
    child.on("error", reject);
    child.on("close", () => resolve());
  });
}
