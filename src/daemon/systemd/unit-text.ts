/** All that a unit needs to know; every path absolute, frozen when it is installed. */
export interface UnitFacts {
  /** The owner of PM2's home: only they can use its sockets, and only their workers can be signalled. */
  readonly user: string;
  readonly node: string;
  readonly main: string;
  readonly config: string;
  readonly pm2Home: string;
  readonly healerHome: string;
}

/** Long enough that feeding it costs one short process in 40 s; short enough that a hung healer is restarted within minutes. */
const WATCHDOG_SECONDS = 120;

/**
 * The text of `healer.service` (docs/decisions/0004).
 *
 * KillMode=process: stopping healer ends healer alone, also where a PM2 daemon was started from within its unit.
 * Hardening stops where healer's work begins: it reads /proc of other processes, PM2's sockets in a home or in /tmp, and
 * takes a lock in the network namespace. MemoryDenyWriteExecute would forbid V8 its compiler.
 */
export function unitText(facts: UnitFacts): string {
  return `# Written by: healer service install. Your own changes belong into: systemctl edit healer
[Unit]
Description=healer, a self-healing supervisor for PM2
After=network.target pm2-${facts.user}.service
StartLimitIntervalSec=600
StartLimitBurst=10

[Service]
Type=notify
NotifyAccess=all
User=${facts.user}
Environment=${quoted(`PM2_HOME=${facts.pm2Home}`)}
Environment=${quoted(`HEALER_HOME=${facts.healerHome}`)}
ExecStart=${[facts.node, facts.main, "run", "--config", facts.config, "--log-format", "json"].map(commandWord).join(" ")}
WatchdogSec=${WATCHDOG_SECONDS}
TimeoutStartSec=120
TimeoutStopSec=120
Restart=on-failure
RestartSec=10
# A configuration that is wrong does not get better by trying again.
RestartPreventExitStatus=2
KillMode=process
UMask=0077

NoNewPrivileges=yes
ProtectSystem=full
ReadWritePaths=${quoted(`-${facts.healerHome}`)}
ProtectKernelTunables=yes
ProtectKernelModules=yes
ProtectKernelLogs=yes
ProtectControlGroups=yes
ProtectClock=yes
ProtectHostname=yes
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
SystemCallArchitectures=native

[Install]
WantedBy=multi-user.target
`;
}

/** Why a value cannot stand in a unit; null = it can. A line feed would begin a line of its own. */
export function whyNotInUnit(facts: UnitFacts): string | null {
  const odd = Object.entries(facts).find(([, value]) => /\p{Cc}/u.test(String(value)));
  return odd === undefined ? null : `${odd[0]} holds a control character: ${JSON.stringify(odd[1])}`;
}

/** In the command line `$` begins a variable; the program's own path (the first word) is not exempt from `%`. */
function commandWord(text: string): string {
  return quoted(text.replaceAll("$", "$$$$"));
}

function quoted(text: string): string {
  return `"${text.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("%", "%%")}"`;
}
