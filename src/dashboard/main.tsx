import { render } from "preact";
import { App } from "./app.tsx";
import { goLive } from "./live.ts";
import { followAddress } from "./route.ts";
import "./style.css";

const root = document.getElementById("app");
if (root !== null) {
  followAddress();
  goLive();
  render(<App />, root);
}
