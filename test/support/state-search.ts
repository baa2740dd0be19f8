/** A thing that can happen in a world. */
export interface Letter<World> {
  readonly name: string;
  /** Left out: always. */
  readonly can?: (world: World) => boolean;
  /** Throws where a promise is broken. */
  readonly does: (world: World) => void;
}

export interface Search<World> {
  readonly start: () => World;
  readonly letters: readonly Letter<World>[];
  readonly copy: (world: World) => World;
  /** Equal for worlds with the same future. */
  readonly digest: (world: World) => number;
  /** Letters a sequence has at most. */
  readonly depth: number;
  /** Looks at every new world, which is thrown away then; throws where a promise is broken. */
  readonly look?: (world: World) => void;
}

export interface Found {
  /** Every sequence of so many letters was tried. */
  readonly depth: number;
  /** Distinct states, by the depth at which each was met first. */
  readonly states: readonly number[];
  /** Letters applied, each to a distinct state. */
  readonly transitions: number;
  /** The shortest sequence that breaks something; null = none does. */
  readonly broken: { readonly letters: readonly string[]; readonly what: string } | null;
}

interface Run<World> {
  readonly search: Search<World>;
  readonly tree: Tree<World>;
  readonly met: Set<number>;
  transitions: number;
}

/**
 * Every sequence of letters up to a depth, breadth first, as an explicit-state model checker does it: from a state that was met before
 * nothing is tried again. What is kept of a state is its digest and the letter that led to it, about 100 bytes; its world is made anew
 * from its parent's, which is at hand as long as siblings follow one another.
 */
export function searchStates<World>(search: Search<World>): Found {
  const run: Run<World> = { search, tree: new Tree(search), met: new Set([search.digest(search.start())]), transitions: 0 };
  const states = [1];
  for (let from = 0; from < run.tree.size && states.length <= search.depth;) {
    const until = run.tree.size;
    for (let node = from; node < until; node++) {
      const broken = goOn(run, node);
      if (broken !== null) return { depth: states.length - 1, states, transitions: run.transitions, broken };
    }
    states.push(run.tree.size - until);
    from = until;
  }
  return { depth: states.length - 1, states, transitions: run.transitions, broken: null };
}

function goOn<World>(run: Run<World>, node: number): Found["broken"] {
  const { search, tree, met } = run;
  const world = tree.worldOf(node);
  for (const [number, letter] of search.letters.entries()) {
    if (letter.can?.(world) === false) continue;
    run.transitions++;
    const next = search.copy(world);
    const what = whatBreaks(() => {
      letter.does(next);
      const digest = search.digest(next);
      if (met.has(digest)) return;
      met.add(digest);
      tree.add(node, number);
      search.look?.(next);
    });
    if (what !== null) return { letters: [...tree.pathOf(node), letter.name], what };
  }
  return null;
}

/** In a word where a promise is broken; with the stack where the source has a fault that nobody thought of. */
function whatBreaks(run: () => void): string | null {
  try {
    run();
    return null;
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    return error.name === "Error" ? error.message : (error.stack ?? error.message);
  }
}

/** Who came from whom by which letter; node 0 is the start. */
class Tree<World> {
  readonly #search: Search<World>;
  readonly #parents: number[] = [-1];
  readonly #letters: number[] = [-1];
  /** By depth: the world made last. */
  readonly #trail: { readonly node: number; readonly world: World }[] = [];

  constructor(search: Search<World>) {
    this.#search = search;
  }

  get size(): number {
    return this.#parents.length;
  }

  add(parent: number, letter: number): void {
    this.#parents.push(parent);
    this.#letters.push(letter);
  }

  /** Not to be changed: others are made from it. */
  worldOf(node: number): World {
    return this.#made(node, this.pathOf(node).length);
  }

  pathOf(node: number): string[] {
    const parent = this.#parents[node] ?? -1;
    return parent < 0 ? [] : [...this.pathOf(parent), this.#letterOf(node).name];
  }

  #made(node: number, depth: number): World {
    const kept = this.#trail[depth];
    if (kept?.node === node) return kept.world;
    const world = depth === 0 ? this.#search.start() : this.#search.copy(this.#made(this.#parents[node] ?? 0, depth - 1));
    if (depth > 0) this.#letterOf(node).does(world);
    this.#trail[depth] = { node, world };
    return world;
  }

  #letterOf(node: number): Letter<World> {
    const letter = this.#search.letters[this.#letters[node] ?? -1];
    if (letter === undefined) throw new Error(`no letter leads to state ${node}`);
    return letter;
  }
}
