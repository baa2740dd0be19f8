/**
 * Names that the documentation of healer's interface promises and this version lacks. They get "is not available in
 * this version" instead of "unknown", so that nobody looks for a typing mistake.
 */
export const KEYS_NOT_YET: readonly string[] = ["on_hold", "liveness", "fleet_budget"];
