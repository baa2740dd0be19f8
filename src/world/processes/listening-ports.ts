import { procLink, procText } from "./proc-file.ts";

const LISTENING = "0A"; // TCP_LISTEN of the kernel's tcp_states.h
const PORTS_MAX = 20;
const KEPT_MS = 1_000;

interface Listeners {
  readonly network: string;
  readonly readAtMs: number;
  /** Inode of the socket → port. */
  readonly ports: ReadonlyMap<string, number>;
}

let latest: Listeners | null = null;

/**
 * Ports on which sockets with these inodes listen, the lowest twenty. The kernel walks all its buckets for the table,
 * which takes milliseconds: it is read once for all processes of a network that are looked at within a second.
 */
export function listeningPorts(pid: number, inodes: ReadonlySet<string>): readonly number[] {
  const network = inodes.size === 0 ? null : procLink(`/proc/${pid}/ns/net`);
  if (network === null) return [];
  if (latest === null || latest.network !== network || performance.now() - latest.readAtMs > KEPT_MS) {
    latest = { network, readAtMs: performance.now(), ports: readListeners(pid) };
  }
  const { ports } = latest;
  const found = new Set([...inodes].flatMap((inode) => ports.get(inode) ?? []));
  return [...found].toSorted((one, other) => one - other).slice(0, PORTS_MAX);
}

/** Listeners come before connections, so that one buffer of the table is enough however many of those there are. */
function readListeners(pid: number): ReadonlyMap<string, number> {
  const ports = new Map<string, number>();
  for (const table of ["tcp", "tcp6"]) {
    for (const line of procText(`/proc/${pid}/net/${table}`).split("\n")) {
      // "0: 0100007F:1F90 00000000:0000 0A tx:rx tr:when retransmits uid timeout inode …"
      const [, local = "", , state, , , , , , inode = ""] = line.trim().split(/\s+/);
      if (state === LISTENING) ports.set(inode, Number.parseInt(local.slice(local.lastIndexOf(":") + 1), 16));
    }
  }
  return ports;
}
