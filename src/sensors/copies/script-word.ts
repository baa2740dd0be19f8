import { basename } from "node:path";

/** "node", "python", "sh": what runs a script, whatever its version and place. */
export function family(program: string): string {
  const name = basename(program)
    .toLowerCase()
    .replace(/\.exe$/, "")
    .replace(/^-/, "") // a login shell
    .replace(/[-.\d]+$/, "");
  return name === "nodejs" ? "node" : SHELLS.has(name) ? "sh" : name;
}

const SHELLS = new Set(["sh", "bash", "dash", "ash", "zsh", "ksh", "mksh"]);

interface Habits {
  /** Options whose value is the next word. */
  readonly valued: ReadonlySet<string>;
  /** Options with which the script is not run: checked, printed, or taken from somewhere else. */
  readonly notRunning: RegExp;
  /** A word before the script that is none. */
  readonly verb?: string;
}

const NEVER = /^--?(version|help)$/;
const HABITS: Readonly<Record<string, Habits>> = {
  node: {
    valued: new Set(["-r", "--require", "--import", "--loader", "--experimental-loader", "-C", "--conditions", "--env-file", "--title"]),
    notRunning:
      /^(-[cepiv]|-pe|-h|--check|--eval|--print|--interactive|--test|--run|--help|--version|--prof-process|--build-snapshot)(=|$)/,
  },
  python: { valued: new Set(["-W", "-X", "--check-hash-based-pycs"]), notRunning: /^(-[a-zA-VY-Z]*[cmV]|-h$|--help|--version)/ },
  sh: { valued: new Set(["-o", "+o", "-O", "+O", "--rcfile", "--init-file"]), notRunning: /^(-[a-zA-Z]*[cns]|--help|--version|--dump)/ },
  ruby: { valued: new Set(["-I", "-r", "-C", "-E"]), notRunning: /^(-[acelnps]*[ce]|-v$|-h$|--help|--version)/ },
  perl: { valued: new Set(["-I"]), notRunning: /^(-[a-z]*[ceEv]$)/ },
  php: { valued: new Set(["-c", "-d", "-z"]), notRunning: /^(-[lrivmwsS]$|--(syntax-check|run|help|version|info))/ },
  bun: { valued: new Set(["-r", "--preload", "--cwd", "--env-file"]), notRunning: /^(-[ep]|--eval|--print|--version|--help)/, verb: "run" },
  deno: { valued: new Set(["-c", "--config", "--import-map"]), notRunning: NEVER, verb: "run" },
};
const NO_HABITS: Habits = { valued: new Set(), notRunning: NEVER };

/** Whether a program runs scripts, so that it may stand in front of one with a `#!` line. */
export function runsScripts(program: string): boolean {
  return Object.hasOwn(HABITS, family(program)) || family(program) === "lua";
}

/**
 * Where in a command line the script stands that it runs: the first word after the interpreter that is neither an option
 * nor an option's value. null = it runs none (`node --check worker.js`, `python -m worker`, `bash -c …`).
 */
export function scriptWord(argv: readonly string[]): number | null {
  const { valued, notRunning, verb } = HABITS[family(argv[0] ?? "")] ?? NO_HABITS;
  for (let at = 1; at < argv.length; at++) {
    const word = argv[at] ?? "";
    if (at === 1 && word === verb) continue;
    if (word === "--") return at + 1 < argv.length ? at + 1 : null;
    if (!/^[-+]./.test(word)) return word === "" || word === "-" ? null : at;
    if (notRunning.test(word)) return null;
    if (valued.has(word)) at++;
  }
  return null;
}
