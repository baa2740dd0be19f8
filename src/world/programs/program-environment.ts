/** Of healer's own environment, which holds tokens and passwords, a program that healer starts gets these and no others. */
const PASSED_ON: readonly string[] = ["PATH", "HOME", "USER", "LOGNAME", "LANG", "LC_ALL", "TZ", "TMPDIR"];

export type Environment = Readonly<Record<string, string>>;

export function programEnvironment(own: Readonly<Record<string, string | undefined>> = process.env): Environment {
  return Object.fromEntries(
    PASSED_ON.flatMap((name) => {
      const value = own[name];
      return value === undefined ? [] : [[name, value] as const];
    }),
  );
}
