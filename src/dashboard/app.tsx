import { computed } from "@preact/signals";
import logo from "./healer.svg";
import { Configuration } from "./configuration.tsx";
import { Incidents } from "./incidents.tsx";
import { all, heardAtMs, link, nowMs, rest } from "./live.ts";
import { Log } from "./log.tsx";
import { OrderButton } from "./order.tsx";
import { Overview } from "./overview.tsx";
import { Pill } from "./parts.tsx";
import { pathTo, route, type Page } from "./route.ts";
import { TargetPage } from "./target.tsx";
import { Timeline } from "./timeline.tsx";
import { spanText } from "./words.ts";

const PAGES: readonly { readonly page: Page; readonly title: string }[] = [
  { page: "overview", title: "Overview" },
  { page: "timeline", title: "Timeline" },
  { page: "incidents", title: "Incidents" },
  { page: "log", title: "Heal log" },
  { page: "configuration", title: "Configuration" },
];
/** Open circuits and incidents: what stands on the page about them. */
const openCount = computed(() => all.value.filter((target) => target.circuit_open || target.incident !== null).length);
const STALE_TURNS = 3;
const STALE_SLACK_MS = 2_000;

export function App() {
  return (
    <>
      <a class="skip" href="#main">
        To the content
      </a>
      <Header />
      <main id="main" tabIndex={-1}>
        {rest.value === null ? <Opening /> : <Routed />}
      </main>
      <Footer />
    </>
  );
}

function Routed() {
  const { page, about } = route.value;
  switch (page) {
    case "timeline":
      return <Timeline about={about} />;
    case "incidents":
      return <Incidents />;
    case "log":
      return <Log about={about} />;
    case "configuration":
      return <Configuration />;
    case "target":
      return <TargetPage key={about ?? ""} id={about ?? ""} />;
    default:
      return <Overview />;
  }
}

function Opening() {
  return <p class="empty">{link.value === "lost" ? "healer does not answer; trying again …" : "Asking healer …"}</p>;
}

function Header() {
  const { page } = route.value;
  return (
    <header>
      <a class="brand" href={pathTo("overview")}>
        <img src={logo} alt="" width="28" height="28" />
        healer
      </a>
      <Mode />
      <nav aria-label="Pages">
        {PAGES.map((each) => (
          <a key={each.page} href={pathTo(each.page)} aria-current={each.page === page ? "page" : undefined}>
            {each.title}
            {each.page === "incidents" && openCount.value > 0 && <span class="count">{openCount}</span>}
          </a>
        ))}
      </nav>
      <Liveness />
    </header>
  );
}

function Mode() {
  const now = rest.value;
  if (now === null) return null;
  if (now.paused !== null) return <Pill tone="rest">paused</Pill>;
  return now.mode === "heal" ? <Pill tone="well">heals</Pill> : <Pill tone="sick">observes only</Pill>;
}

/** Honest about how old all of it is. */
function Liveness() {
  const ageMs = nowMs.value >= 0 ? performance.now() - heardAtMs.value : 0;
  const limitMs = STALE_TURNS * (rest.value?.interval_ms ?? 2_000) + STALE_SLACK_MS;
  const isLive = link.value === "live" && ageMs <= limitMs;
  const words = isLive ? "live" : `${link.value === "lost" ? "connection lost, " : ""}last seen ${spanText(ageMs)} ago`;
  return (
    <p class={`liveness ${isLive ? "well" : "person"}`} role="status">
      <span aria-hidden="true">{isLive ? "●" : "✕"}</span> {words}
    </p>
  );
}

function Footer() {
  const now = rest.value;
  if (now === null) return null;
  return (
    <footer>
      <span>
        healer {now.version}, pid {now.pid}, {now.user}
      </span>
      <span>up {spanText(nowMs.value - Date.parse(now.started_at))}</span>
      <span>
        PM2 {now.pm2.version ?? ""} {now.pm2.state}, {now.pm2.home}
      </span>
      <span>
        configuration <a href={pathTo("configuration")}>{now.config.hash}</a>
      </span>
      {now.paused === null ? <OrderButton order="pause" target={null} /> : <OrderButton order="resume" target={null} />}
    </footer>
  );
}
