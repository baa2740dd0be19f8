import type { WorkerRow } from "../core/worker-row.ts";
import { appOf, killPm2, later, mutePm2, reboot, troubleDisk, troublePm2 } from "./happen-machine.ts";
import type { Simulation } from "./simulation.ts";
import type { Fault, Sickness } from "./world-spec.ts";

type Happening<Kind extends Fault["kind"]> = (world: Simulation, fault: Extract<Fault, { kind: Kind }>) => void;

/** Makes a fault happen in a world, and plans its end where it has one. */
export function happen(world: Simulation, fault: Fault): void {
  const happening = HAPPENINGS[fault.kind] as Happening<Fault["kind"]>; // the kind is that of the entry, by the table's type
  happening(world, fault);
}

const HAPPENINGS: { readonly [Kind in Fault["kind"]]: Happening<Kind> } = {
  wedge: (world, { app, instance, what }) => sicken(world, rowsOf(world, app, instance), what),
  "wedge-all": (world, { app, what }) => sicken(world, rowsOf(world, app, null), what),
  curse,
  outage: (world, { app, rate, lastsMs }) => world.fleet.interrupt(app, { rate, untilMs: world.timeline.nowMs + lastsMs }),
  crash,
  operator: operate,
  copy: addCopy,
  "copy-ends": (world) => world.strays.endFirst(),
  "pm2-dies": killPm2,
  "pm2-mute": mutePm2,
  "pm2-trouble": troublePm2,
  "queue-blind": (world, { app, lastsMs }) => {
    world.sensors.blind.add(app);
    later(world, lastsMs, () => world.sensors.blind.delete(app));
  },
  disk: troubleDisk,
  "healer-dies": (world, { afterEffects, backMs }) => {
    world.fate.deaths = [...afterEffects];
    world.fate.backMs = backMs;
  },
  reboot: (world, { offMs }) => reboot(world, offMs),
  suspend: (world, { forMs }) => world.host.sleep(forMs),
  "wall-clock": (world, { byMs }) => world.host.setWall(byMs),
  stall: (world, { forMs }) => world.stall(forMs),
  person: (world, { command }) => world.alive(() => world.daemon?.dispatch({ type: "command", id: 1, by: "person", command })),
  edit: (world, { config }) => edit(world, config),
};

function sicken(world: Simulation, rows: readonly WorkerRow[], what: Sickness): void {
  for (const row of rows) {
    const process = world.pm2.processOf(row);
    if (process !== undefined) world.fleet.sicken(process, what);
  }
}

function rowsOf(world: Simulation, app: string, instance: string | null): readonly WorkerRow[] {
  return [...world.pm2.rows.values()].filter((row) => row.name === app && (instance === null || row.instance === instance));
}

function curse(world: Simulation, fault: Extract<Fault, { kind: "curse" }>): void {
  const { app, instance, what, lastsMs } = fault;
  world.fleet.curse(app, instance, { what, untilMs: world.timeline.nowMs + lastsMs });
  if (typeof what === "object") crash(world, { app, instance, times: 1 });
}

/** Dies, and again as soon as PM2 has brought it back. */
function crash(world: Simulation, fault: { readonly app: string; readonly instance: string; readonly times: number }): void {
  const [row] = rowsOf(world, fault.app, fault.instance);
  const process = row === undefined ? undefined : world.pm2.processOf(row);
  if (process !== undefined) world.pm2.exit(process);
  if (fault.times > 1) later(world, 1_500 + (row?.restartDelayMs ?? 0), () => crash(world, { ...fault, times: fault.times - 1 }));
}

function operate(world: Simulation, { verb, app, instance }: Extract<Fault, { kind: "operator" }>): void {
  const [row] = rowsOf(world, app, instance);
  if (verb === "add") {
    if (world.pm2.lost === null && rowsOf(world, app, null).length < 14)
      world.pm2.add(appOf(world, app), row === undefined ? instance : "9");
    return;
  }
  if (row === undefined || (verb === "stop" && row.status !== "online")) return;
  world.pm2.order(verb, row.pmId, () => {
    if (verb === "stop") world.stopped.set(row.pmId, world.timeline.nowMs);
  });
}

function addCopy(world: Simulation, { app, owner, instance }: Extract<Fault, { kind: "copy" }>): void {
  if (world.copies.length >= 6) return;
  const process = world.processes.spawn(app, instance ?? "", world.timeline.nowMs);
  world.strays.add(process, { owner, instance, wallMs: world.host.wallMs() });
}

function edit(world: Simulation, config: string): void {
  world.compiled = world.load(config);
  world.sensors.use(world.compiled.strategies);
  world.alive(() => world.daemon?.use(world.compiled));
}
