import { rest } from "./live.ts";
import { Figure, Meter } from "./parts.tsx";
import { bytesText } from "./words.ts";

type Host = NonNullable<NonNullable<typeof rest.value>["host"]>;
type Gpu = Host["gpus"][number];

/** The machine all of it runs on. */
export function Machine() {
  const host = rest.value?.host ?? null;
  if (host === null) return null;
  const { memory_total_bytes: memory, memory_available_bytes: free, disk_total_bytes: disk, disk_free_bytes: diskFree } = host;
  const { load_1m: load, cores } = host;
  return (
    <>
      <div class="tile">
        <h3>Machine</h3>
        <Meter label="Memory" share={used(memory, free)} text={`${bytesText(free)} free of ${bytesText(memory)}`} />
        <Meter label="Disk" share={used(disk, diskFree)} text={`${bytesText(diskFree)} free of ${bytesText(disk)}`} />
        <Meter label="Load" share={load === null ? null : load / cores} text={`${load?.toFixed(2) ?? "n/a"} on ${cores} cores`} hot={1} />
        {host.pressures.map((reason) => (
          <p class="sick-text" key={reason}>
            ▲ {reason}
          </p>
        ))}
      </div>
      {host.gpus.map((gpu) => (
        <GpuTile key={gpu.index} gpu={gpu} />
      ))}
    </>
  );
}

function used(total: number | null, free: number | null): number | null {
  return total === null || free === null || total === 0 ? null : 1 - free / total;
}

function GpuTile({ gpu }: { readonly gpu: Gpu }) {
  const { memory_used_bytes: memory, memory_total_bytes: total, utilization_percent: utilization } = gpu;
  const clocks = gpu.clock_mhz === null ? "n/a" : `${gpu.clock_mhz} MHz`;
  return (
    <div class="tile gpu">
      <h3>
        GPU {gpu.index} <small>{gpu.name}</small>
      </h3>
      <Meter
        label="Use"
        share={utilization === null ? null : utilization / 100}
        text={utilization === null ? "n/a" : `${utilization} %`}
        hot={2}
      />
      <Meter
        label="VRAM"
        share={memory === null || total === null ? null : memory / total}
        text={`${bytesText(memory)} of ${bytesText(total)}`}
      />
      <div class="figures small">
        <Figure label="Temperature" value={gpu.temperature_c === null ? "n/a" : `${gpu.temperature_c} °C`} />
        <Figure label="Clock" value={clocks} note={gpu.clock_max_mhz === null ? undefined : `of ${gpu.clock_max_mhz}`} />
        <Figure label="Power" value={gpu.power_w === null ? "n/a" : `${Math.round(gpu.power_w)} W`} />
      </div>
      {gpu.throttled.length > 0 && <p class="sick-text">▲ throttled: {gpu.throttled.join(", ")}</p>}
    </div>
  );
}
